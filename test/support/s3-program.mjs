/**
 * s3rver as a program: `node --openssl-legacy-provider s3-program.mjs <folder> <port> <bucket>`. On Node.js, with the ciphers
 * of old, since it makes its continuation tokens with DES, which Bun does not have. With one repair: S3 shows an object when it is whole, where s3rver writes it in its place,
 * to be seen by halves and mixed with what another client writes there.
 */
import { rename } from 'node:fs/promises';
import { createRequire } from 'node:module';

const S3rver = createRequire(import.meta.url)('s3rver');

const [directory, port, bucket] = process.argv.slice(2);
const where = { directory, address: '127.0.0.1', port: Number(port), silent: true };
const server = new S3rver({ ...where, configureBuckets: [{ name: bucket, configs: [] }] });
const { store } = server;
const putObject = store.putObject.bind(store);

/** @param {{ bucket: string, key: string }} object */
store.putObject = async (object) => {
  const { key } = object;
  // In the same folder, under a name that nobody asks for.
  object.key = `${key}.${crypto.randomUUID()}`;
  const put = await putObject(object);
  for (const resource of ['object.md5', 'metadata.json', 'object']) {
    /** @param {string} name */
    const path = (name) => store.getResourcePath(object.bucket, name, resource);
    await rename(path(object.key), path(key));
  }
  object.key = key;
  return put;
};

await server.run();
