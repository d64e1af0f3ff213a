// The public checks of a draw, recomputed from public.json as the draw's format says (docs/draw-protocol.md).
import { Sha256, sha256 } from './sha256.js';

const utf8 = new TextEncoder();
export const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const hex = (array) => Array.from(array, (b) => b.toString(16).padStart(2, '0')).join('');
const field = (value) => (value instanceof Uint8Array ? value : utf8.encode(String(value).normalize('NFC')));

// H(tag, fields...): every field behind its length.
export function H(tag, ...fields) {
  const hash = new Sha256(), length = new Uint8Array(4);
  for (const part of [utf8.encode(`mingcha/draw/1/${tag}`), ...fields.map(field)]) {
    new DataView(length.buffer).setUint32(0, part.length);
    hash.update(length).update(part);
  }
  return hash.digest();
}

// RFC 8785 for text, integers, lists and objects.
export function canonical(value) {
  if (typeof value === 'string') return JSON.stringify(value.normalize('NFC'));
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') return `{${Object.keys(value).sort().map((k) => `${canonical(k)}:${canonical(value[k])}`).join(',')}}`;
  return String(value);
}

const node = (left, right) => new Sha256().update(Uint8Array.of(1)).update(left).update(right).digest();
// RFC 6962: a full subtree is closed as soon as its two halves are there, the rest are folded from the right.
export function rootOf(leaves) {
  const open = [];
  leaves.forEach((leaf) => {
    let size = 1, head = leaf;
    while (open.length && open.at(-1).size === size) { head = node(open.pop().head, head); size *= 2; }
    open.push({ size, head });
  });
  let head = open.pop().head;
  while (open.length) head = node(open.pop().head, head);
  return head;
}

async function signed(key, signature, message) {
  const imported = await crypto.subtle.importKey('raw', bytes(key), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', imported, bytes(signature), message);
}

// Yields [name, holds] one after another; holds is null where this browser can't tell.
export async function* check(file) {
  const root = bytes(file.root), params = H('params', utf8.encode(canonical(file.params)));
  const revealed = file.parties.filter((p) => p.nonce !== null);
  yield ['params', revealed.every((p) => hex(H('nonce', p.id, bytes(p.nonce))) === p.commitment)];

  let signatures = null;
  try {
    signatures = true;
    for (const p of file.parties) signatures &&= await signed(p.key, p.signature, H('commit', file.draw, root, params, bytes(p.commitment)));
    const keys = Object.fromEntries(file.parties.map((p) => [p.id, p.key]));
    for (const a of file.attestations) signatures &&= await signed(keys[a.id], a.signature, bytes(file.result));
  } catch { signatures = null; }
  yield ['signatures', signatures];

  const order = (a, b) => { const x = utf8.encode(a.id), y = utf8.encode(b.id); for (let i = 0; i < Math.min(x.length, y.length); i += 1) if (x[i] !== y[i]) return x[i] - y[i]; return x.length - y.length; };
  const said = [...revealed].sort(order).flatMap((p) => [p.id, bytes(p.nonce)]);
  yield ['seed', hex(H('seed', file.draw, root, params, ...said, file.public_value)) === file.seed];

  const leaves = file.units.map((u) => bytes(u.leaf));
  yield ['root', file.units.every((u, i) => i === 0 || file.units[i - 1].leaf < u.leaf) && hex(rootOf(leaves)) === file.root];

  const counts = {};
  for (const u of file.units) { const c = (counts[u.stratum] ??= { N: 0, n: 0 }); c.N += 1; if (u.drawn) c.n += 1; }
  const strata = file.params.strata;
  yield ['counts', Object.keys(strata).length === Object.keys(counts).length && Object.entries(strata).every(([name, s]) => counts[name]?.N === s.N && counts[name]?.n === s.n)];

  yield ['order', file.units.every((u) => !u.drawn || hex(sha256(Uint8Array.of(0, ...H('unit', file.draw, u.stratum, u.id, bytes(u.s)), ...bytes(u.b)))) === u.leaf)];

  const outcome = new Sha256(), row = new Uint8Array(41), view = new DataView(row.buffer);
  file.units.forEach((u, i) => { row.set(leaves[i]); row[32] = u.drawn ? 1 : 0; view.setFloat64(33, u.drawn ? 0 : u.q); outcome.update(row); });
  yield ['result', hex(H('result', file.draw, root, bytes(file.seed), outcome.digest())) === file.result];
}
