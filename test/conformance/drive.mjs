/**
 * Runs under Node, as the suite expects, and in its name: what it is told is which edition to load and what to do
 * with it.
 *
 *     node drive.mjs serve <folder of the server>
 *     node drive.mjs run <edition.json> <results.json>
 *
 * `serve` starts the suite's own server, but on loopback only. `run` has the suite's own client put its questions
 * to a cache, and writes down what it makes of the answers, and what it knows of each test.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Server } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [task = '', first = '', second = ''] = process.argv.slice(2);

if (task === 'serve') await serve(first);
else await run(first, second);

/** @param {string} folder */
async function serve(folder) {
  const listen = Server.prototype.listen;
  Object.defineProperty(Server.prototype, 'listen', {
    value(/** @type {number} */ port) {
      return listen.call(this, { port, host: '127.0.0.1' });
    },
  });
  await load(folder, 'server.mjs');
}

/**
 * @param {string} editionPath
 * @param {string} resultsPath
 */
async function run(editionPath, resultsPath) {
  const { folder, client, tests, base, only, givesFetch } = JSON.parse(await readFile(editionPath, 'utf8'));
  const [{ runTests, getResults }, { default: groups }] = await Promise.all([
    load(client, 'runner.mjs'),
    load(tests, 'index.mjs'),
  ]);
  /** @type {{ name: string, tests: Record<string, unknown>[] }[]} */
  const chosen = groups.map((/** @type {any} */ group) => ({
    ...group,
    tests: group.tests.filter(
      (/** @type {any} */ test) => !test.browser_only && (only.length === 0 || only.includes(test.id)),
    ),
  }));
  if (givesFetch)
    await runTests(chosen, createRequire(join(folder, 'package.json'))('node-fetch'), false, base);
  else await runTests(chosen, false, base);
  const known = chosen.flatMap(({ name, tests: all }) =>
    all.map(({ id, name: says, kind, depends_on }) => ({
      id,
      says,
      kind,
      dependsOn: depends_on,
      group: name,
    })),
  );
  await writeFile(resultsPath, JSON.stringify({ tests: known, results: getResults() }));
}

/**
 * @param {string} folder
 * @param {string} file
 * @returns {Promise<any>}
 */
function load(folder, file) {
  return import(pathToFileURL(join(folder, file)).href);
}
