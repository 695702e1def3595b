/**
 * Debian's `docker-registry` (distribution 2.8), as a pull-through cache or as a registry of its own: files where the run wants them, descriptors
 * in memory, which its documentation advises where there is no Redis, and no log of requests. Where it is private, it takes tokens of a token
 * service, which the run stands in for. See https://distribution.github.io/distribution/recipes/mirror/ and …/spec/auth/jwt/.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '../certificate.ts';
import { plainly } from '../npm/registries.ts';
import { nobodyAsks, type OciPeer, type Part, REPOSITORY } from '../oci/registries.ts';
import { capture, freePort, startPinned } from '../process.ts';

const ISSUER = 'bench';
const SERVICE = 'registry';

export function dockerRegistry(part: Part): OciPeer {
  return {
    name: 'docker-registry',
    label: 'docker-registry',
    software: 'docker-registry',
    against: [],
    commands: ['taskset', 'docker-registry', 'openssl'],
    version: async () =>
      /(\d+\.\d+\.\d+\S*)/.exec(await capture('docker-registry', '--version'))?.[1] ?? 'unknown',

    async start({ scratch, cores, upstream, keep, certificate }) {
      const directory = scratch.directory('docker-registry', keep.filesOn);
      const port = await freePort();
      const configPath = join(directory, 'config.yml');
      const config = {
        ...configOf(join(directory, 'data'), port),
        ...(part === 'pulled' && { proxy: { remoteurl: upstream.url } }),
        ...(part === 'private' && { auth: { token: tokensOf(certificate) } }),
      };
      writeFileSync(configPath, JSON.stringify(config)); // JSON is YAML
      const child = startPinned(cores.server, directory, ['docker-registry', 'serve', configPath]);
      scratch.atEnd(() => child.stop());
      await child.until(() => fetch(`http://127.0.0.1:${port}/v2/`));
      return {
        ...{ pids: [child.pid], on: plainly(port), isHit: () => true, files: directory },
        credential: part === 'private' ? () => tokenFor(certificate) : nobodyAsks,
        forget: null,
      };
    },
  };
}

const configOf = (data: string, port: number) => ({
  version: 0.1,
  log: { accesslog: { disabled: true }, level: 'error' },
  storage: {
    cache: { blobdescriptor: 'inmemory' },
    filesystem: { rootdirectory: data },
    maintenance: { uploadpurging: { enabled: false } },
  },
  http: { addr: `127.0.0.1:${port}` },
});

const tokensOf = ({ cert }: Certificate) => ({
  ...{ realm: 'http://127.0.0.1/token', service: SERVICE, issuer: ISSUER, rootcertbundle: cert },
});

const TOKEN_SECONDS = 300;

/** What a token service gives: signed with ES256, and its certificate with it. */
async function tokenFor({ cert, key }: Certificate): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  const access = [{ type: 'repository', name: REPOSITORY, actions: ['pull', 'push'] }];
  const claims = {
    ...{ iss: ISSUER, aud: SERVICE, sub: 'bench', jti: crypto.randomUUID(), access },
    ...{ iat: nowS - 10, nbf: nowS - 10, exp: nowS + TOKEN_SECONDS },
  };
  const head = { typ: 'JWT', alg: 'ES256', x5c: [derOf(cert).toString('base64')] };
  const signed = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const signer = await crypto.subtle.importKey('pkcs8', derOf(key), algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign(algorithm, signer, Buffer.from(signed));
  return `Bearer ${signed}.${Buffer.from(signature).toString('base64url')}`;
}

/** Of a file in PEM. */
function derOf(path: string): Buffer<ArrayBuffer> {
  return Buffer.from(readFileSync(path, 'utf8').replace(/-----[^-]+-----|\s/g, ''), 'base64');
}
