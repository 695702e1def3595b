/**
 * The tables of the house: what the rules in this folder allow and forbid. A rule's file says how it looks;
 * what may differ from one month to the next stands here, each exception with its reason.
 */

/** Which way imports may go. The vocabulary is `src/*.ts`; a folder is one directly below `src/`. */
export const layers = {
  /** More words than these and a newcomer no longer reads them all first. */
  vocabularyFiles: 16,
  /** What every folder may import, besides the vocabulary and itself. */
  everywhere: ['http', 'messages'],
  /** The folders that wire the others together and so may import any of them. */
  wiring: ['node', 'control', 'cli'],
  /** Public entry points among the vocabulary files, and the folders that they may re-export from. */
  doors: { 'src/index.ts': ['config'] } as Readonly<Record<string, readonly string[]>>,
  /** Files that speak another folder's language, and so may take types, and nothing but types, from there. */
  typesFrom: { 'src/console/data/api.ts': 'src/access/' } as Readonly<Record<string, string>>,
  /** Folders whose own folders are strangers to each other: one protocol, or one driver, never touches another. */
  siblingsApart: ['protocols', 'bus'],
  /** Of these, the ones that their siblings may import, and which know none of them: what all ecosystems of packages have in common. */
  siblingsShared: ['protocols/registry'],
  /** The only packages that the vocabulary and http/ may use. */
  packagesBelow: ['structured-headers'],
} as const;

/** Where the product starts: what can not be reached from here is dead. */
export const entryPoints = [
  'src/cli/main.ts',
  'src/cli/compiled.ts',
  'src/index.ts',
  'src/protocol.ts',
] as const;

/** Browser code: bundled on its own, from an HTML file or by a script of its own. */
export const browserFolders = ['src/console/', 'src/telemetry/rum/page/'] as const;

/** The files that a hit runs through from request to response. */
export const hitPath = [
  'src/node/pop.ts',
  'src/node/open.ts',
  'src/node/admit.ts',
  'src/node/answer.ts',
  'src/node/hit.ts',
  'src/http/plain.ts',
  'src/node/record.ts',
  'src/cache/lookup.ts',
  'src/cache/memory.ts',
] as const;

/** Longer ones are listed in ratchet.json, a list that only shrinks. */
export const lengths = { file: 400, function: 70 } as const;

/** Names that say "everything else goes here". */
export const emptyNames = ['util', 'utils', 'helper', 'helpers', 'manager', 'common', 'lib', 'misc'] as const;

/** Hosts that belong into somebody's configuration, not into ours. Put together here, so as not to find itself. */
export const registryHosts = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['deb', 'debian', 'org'],
].map((labels) => labels.join('.'));

export interface BannedCall {
  readonly call: RegExp;
  readonly named: string;
  readonly instead: string;
  /** Path or folder (with a slash at its end) → why it may. */
  readonly except: Readonly<Record<string, string>>;
}

const fileSystemCalls =
  'access|appendFile|chmod|chown|close|copyFile|cp|exists|fdatasync|fstat|fsync|ftruncate|link|lstat|mkdir|mkdtemp|' +
  'open|opendir|read|readdir|readFile|readlink|readv|realpath|rename|rm|rmdir|stat|statfs|symlink|truncate|unlink|' +
  'utimes|write|writeFile|writev';

/** Calls that product code does not make, each with the better one. */
export const bannedCalls: readonly BannedCall[] = [
  {
    named: 'console',
    call: /\bconsole\.\w+/,
    instead: 'write to the log that node/ passes in',
    except: { 'src/cli/': 'speaks to a person at a terminal' },
  },
  {
    named: 'code made from text',
    call: /\bnew\s+Function\b|(?<![.\w$])eval\s*\(/,
    instead: 'parse the text into data',
    except: {},
  },
  {
    named: 'a blocking file system call',
    call: new RegExp(`\\b(?:${fileSystemCalls})Sync\\b`),
    instead: 'use Bun.file or node:fs/promises: a worker that waits for a disk serves nobody',
    except: {
      'src/cli/': 'runs before anything is served',
      'src/cache/disk/digest.worker.ts': 'is a thread that serves nobody',
    },
  },
  {
    named: 'the machine’s clock',
    call: /\bDate\.now\b|\bnew\s+Date\s*\(\s*\)|(?<![.\w$])(?:setTimeout|setInterval)\b|\bperformance\.now\b|\bBun\.(?:sleep|sleepSync|nanoseconds)\b/,
    instead: 'use the Clock that is passed in, so that tests can move it',
    except: {
      'src/clock.ts': 'is the machine’s clock',
      'src/cli/': 'hands the clock to everything else',
      'src/console/': 'runs in a browser',
    },
  },
  {
    named: 'Math.random',
    call: /\bMath\.random\b/,
    instead: 'take a Random for choices that a test must repeat, node:crypto for secrets',
    except: {
      'src/clock.ts': 'is where the machine’s sources are',
      'src/telemetry/rum/page/': 'runs in a browser',
    },
  },
  {
    named: 'process.exit',
    call: /\bprocess\.exit\b(?!Code)/,
    instead: 'throw or return: only a command knows when its process is done',
    except: { 'src/cli/': 'is the command' },
  },
  {
    named: 'any',
    call: /\bas\s+any\b|[:<|&]\s*any\b(?!\s*[(.:])|\bany\[\]/,
    instead: 'use unknown and parse it, or say what it is',
    except: {},
  },
];
