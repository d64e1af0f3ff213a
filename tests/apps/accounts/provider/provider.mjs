// A certified OpenID provider (panva/node-oidc-provider) for the sign-on tests, with its own login and consent pages.
// It says on standard output where it listens. POST /misbehave {claim: value} makes the next id_token a bad one, signed
// with the provider's own key: what a broken or malicious provider, or an attacker between, could hand over.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { SignJWT, decodeJwt, exportJWK, generateKeyPair } from 'jose';

const [, , port, redirect] = process.argv;
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const stranger = (await generateKeyPair('RS256', { extractable: true })).privateKey;
const key = { ...(await exportJWK(privateKey)), kid: 'k1', use: 'sig', alg: 'RS256' };
let wrong = null;

const provider = new Provider(issuer, {
  clients: [{ client_id: 'mingcha', client_secret: 'a-secret-of-the-test', redirect_uris: [redirect] }],
  pkce: { required: () => true },
  jwks: { keys: [key] },
  claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'groups'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, name: `${id} of the provider`, groups: ['staff', `group-${id}`] }),
  }),
  cookies: { keys: ['only for tests'] },
});
provider.proxy = false;

provider.use(async (ctx, next) => {
  await next();
  if (wrong && ctx.oidc?.route === 'token' && ctx.body?.id_token) {
    const { by, ...claims } = wrong;
    wrong = null;
    ctx.body.id_token = await new SignJWT({ ...decodeJwt(ctx.body.id_token), ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(by === 'stranger' ? stranger : privateKey);
  }
});

const answer = provider.callback();
createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/misbehave') {
    let body = '';
    request.on('data', (piece) => { body += piece; });
    request.on('end', () => { wrong = JSON.parse(body); response.end(); });
    return;
  }
  answer(request, response);
}).listen(Number(port), '127.0.0.1', () => console.log(`listening ${issuer}`));
