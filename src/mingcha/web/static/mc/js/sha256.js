// SHA-256 (FIPS 180-4), synchronous: crypto.subtle is asynchronous, and missing where a page comes without TLS.
const K = new Uint32Array(64);
const START = new Uint32Array(8);
{
  const frac = (x) => ((x - Math.floor(x)) * 4294967296) >>> 0;
  for (let n = 2, i = 0; i < 64; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) { prime = false; break; }
    if (prime) { if (i < 8) START[i] = frac(Math.sqrt(n)); K[i] = frac(Math.cbrt(n)); i += 1; }
  }
}
const W = new Uint32Array(64);

// A running hash: update(bytes) as often as wanted, then digest().
export class Sha256 {
  constructor() { this.h = START.slice(); this.block = new Uint8Array(64); this.filled = 0; this.length = 0; }

  update(bytes) {
    this.length += bytes.length;
    let at = 0;
    if (this.filled) {
      const take = Math.min(64 - this.filled, bytes.length);
      this.block.set(bytes.subarray(0, take), this.filled);
      this.filled += take; at = take;
      if (this.filled < 64) return this;
      compress(this.h, this.block, 0); this.filled = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) compress(this.h, bytes, at);
    this.block.set(bytes.subarray(at), 0);
    this.filled = bytes.length - at;
    return this;
  }

  digest() {
    const tail = new Uint8Array(this.filled < 56 ? 64 : 128);
    tail.set(this.block.subarray(0, this.filled));
    tail[this.filled] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(tail.length - 8, Math.floor(this.length / 536870912));
    view.setUint32(tail.length - 4, (this.length << 3) >>> 0);
    for (let at = 0; at < tail.length; at += 64) compress(this.h, tail, at);
    const out = new Uint8Array(32), o = new DataView(out.buffer);
    this.h.forEach((word, i) => o.setUint32(4 * i, word));
    return out;
  }
}
export const sha256 = (bytes) => new Sha256().update(bytes).digest();

function compress(h, b, at) {
  for (let i = 0; i < 16; i += 1) { const j = at + 4 * i; W[i] = (b[j] << 24) | (b[j + 1] << 16) | (b[j + 2] << 8) | b[j + 3]; }
  for (let i = 16; i < 64; i += 1) {
    const x = W[i - 15], y = W[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let [a, c, d, e, f, g, k, l] = h;
  for (let i = 0; i < 64; i += 1) {
    const S1 = ((f >>> 6) | (f << 26)) ^ ((f >>> 11) | (f << 21)) ^ ((f >>> 25) | (f << 7));
    const t1 = (l + S1 + ((f & g) ^ (~f & k)) + K[i] + W[i]) | 0;
    const S0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (S0 + ((a & c) ^ (a & d) ^ (c & d))) | 0;
    l = k; k = g; g = f; f = (e + t1) | 0; e = d; d = c; c = a; a = (t1 + t2) | 0;
  }
  h[0] += a; h[1] += c; h[2] += d; h[3] += e; h[4] += f; h[5] += g; h[6] += k; h[7] += l;
}
