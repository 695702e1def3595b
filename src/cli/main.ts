/**
 * The command line. Each command is one file of this folder, loaded when it is asked for, so that starting a
 * node does not pay for the others.
 */
import yargs from 'yargs';
import { suggest } from '../messages/suggest.ts';
import type { Command } from './command.ts';
import { type ExitCode, exit, exitCodes, UsageError } from './exit.ts';

interface Entry {
  /** The command with its words, where it takes any. */
  readonly usage?: string;
  readonly describe: string;
  readonly load: () => Promise<{ default: Command }>;
}

const commands: Readonly<Record<string, Entry>> = {
  up: { describe: 'Run the network on this machine', load: () => import('./up.ts') },
  serve: { describe: 'Run one node of the network', load: () => import('./serve.ts') },
  check: {
    describe: 'Say what is wrong with the config, or show what it means',
    load: () => import('./check.ts'),
  },
  status: { describe: 'Show how the nodes on this machine are', load: () => import('./status.ts') },
  reload: { describe: 'Have running nodes take over the changed config', load: () => import('./reload.ts') },
  purge: {
    usage: 'purge [url..]',
    describe: 'Have running nodes forget what they keep',
    load: () => import('./purge.ts'),
  },
  purges: { describe: 'Show the last purges, and how far they have come', load: () => import('./purges.ts') },
  token: {
    usage: 'token <what> [id]',
    describe: 'Make, list and revoke tokens',
    load: () => import('./token.ts'),
  },
  user: {
    usage: 'user <what> [name]',
    describe: 'Add, list, disable and remove users',
    load: () => import('./user.ts'),
  },
  team: {
    usage: 'team <what> [name] [user..]',
    describe: 'Add, list and remove teams, and who is in them',
    load: () => import('./team.ts'),
  },
  grant: {
    usage: 'grant <what> [whom]',
    describe: 'Give, list and take back rights',
    load: () => import('./grant.ts'),
  },
  import: {
    usage: 'import <from> <folder>',
    describe: "Take in packages from Verdaccio's storage or from tarballs, images from an OCI layout",
    load: () => import('./import.ts'),
  },
  export: {
    usage: 'export <folder> [what..]',
    describe: 'Write the packages, or the images, that live here to a folder',
    load: () => import('./export.ts'),
  },
  mirror: {
    usage: 'mirror [file]',
    describe: 'Keep for good what a lock file names',
    load: () => import('./mirror.ts'),
  },
  storage: {
    describe: 'Show what the origin keeps, and how much of its quotas is used',
    load: () => import('./storage.ts'),
  },
  retention: {
    describe: 'Take away what no rule of retention keeps, or say what would go',
    load: () => import('./retention.ts'),
  },
  gc: { describe: 'Delete blobs that nothing refers to', load: () => import('./gc.ts') },
  packages: {
    usage: 'packages [text..]',
    describe: 'List and search the packages that live here or are kept of other registries',
    load: () => import('./packages.ts'),
  },
  package: {
    usage: 'package <name>',
    describe: 'Show a package or one version of it, what the policy says of it, where it is kept',
    load: () => import('./package.ts'),
  },
  setup: {
    usage: 'setup [client]',
    describe: 'Point a client such as npm at the network, and back again',
    load: () => import('./setup.ts'),
  },
  prefetch: {
    usage: 'prefetch <what..>',
    describe: 'Have PoPs fetch what a lock file, an image or an address stands for, before anybody asks',
    load: () => import('./prefetch.ts'),
  },
  replication: {
    describe: 'Show what nodes have been told to have ahead of time, and how far they are',
    load: () => import('./replication.ts'),
  },
  policy: {
    usage: 'policy <what> [subject]',
    describe: 'Explain what the supply-chain policy of a route lets through',
    load: () => import('./policy.ts'),
  },
  top: { describe: 'Show what the nodes on this machine are doing, live', load: () => import('./top.ts') },
  hot: { describe: 'Show what the nodes are asked for most', load: () => import('./hot.ts') },
  evictions: {
    describe: 'Show what has gone from the caches, and why',
    load: () => import('./evictions.ts'),
  },
  explain: {
    usage: 'explain <url>',
    describe: 'Tell what would become of a request, and why, without sending it',
    load: () => import('./explain.ts'),
  },
  trace: {
    usage: 'trace <url>',
    describe: 'Send a request, and show its way through the network',
    load: () => import('./trace.ts'),
  },
  ping: {
    usage: 'ping [what..]',
    describe: 'Measure how far the PoPs are from this machine',
    load: () => import('./ping.ts'),
  },
  rum: { describe: 'Show how fast pages and commands say the network is', load: () => import('./rum.ts') },
  audit: { describe: 'Show who did what', load: () => import('./audit.ts') },
  reference: {
    usage: 'reference [of]',
    describe: 'Print the reference of every config parameter, or of every metric',
    load: () => import('./reference.ts'),
  },
  version: { describe: 'Show the version', load: () => import('./version.ts') },
};

/** Standard input; and what stands for it while yargs parses, which takes a lone dash among words for the beginning of an option and loses it. */
const dash = '-';
const lone = '\0-';

process.exit(await main(process.argv.slice(2)));

async function main(words: readonly string[]): Promise<ExitCode> {
  try {
    const chosen = await choose(words[0] === '--version' ? ['version'] : words);
    return chosen === undefined ? exit.ok : await chosen.command.run(chosen.values);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`meridian: ${error.message}\nSee: meridian --help`);
      return exit.usage;
    }
    console.error(`meridian: ${reasonsOf(error).join(': ')}`);
    return exit.failure;
  }
}

/** What went wrong, and what lies beneath. */
function reasonsOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return error.cause === undefined ? [error.message] : [error.message, ...reasonsOf(error.cause)];
}

interface Chosen {
  readonly command: Command;
  readonly values: unknown;
}

/** What the words ask for; nothing when that was answered already (help, completion). */
async function choose(words: readonly string[]): Promise<Chosen | undefined> {
  const loaded = await load(words[0]);
  let chosen: Chosen | undefined;
  const parser = bareParser();
  for (const [name, { describe, usage = name }] of Object.entries(commands)) {
    const command = loaded.get(name);
    parser.command(
      usage,
      describe,
      (own) => own.options(command?.options ?? {}),
      (values) => {
        if (command !== undefined) chosen = { command, values: withDashes(values) };
      },
    );
  }
  try {
    await parser.parseAsync(words.map((word) => (word === dash ? lone : word)));
  } catch (error) {
    const options = [...loaded.values()].flatMap((command) => Object.keys(command.options));
    throw withSuggestion(error, words[0] ?? '', [...options, 'help']);
  }
  return chosen;
}

function withDashes(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const restored = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(restored);
    return value === lone ? dash : value;
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, restored(value)]));
}

/** The command that the first word names; all of them where it names none. */
async function load(word = ''): Promise<Map<string, Command>> {
  const wanted = Object.entries(commands).filter(([name]) => name === word || !Object.hasOwn(commands, word));
  return new Map(
    await Promise.all(wanted.map(async ([name, entry]) => [name, (await entry.load()).default] as const)),
  );
}

function bareParser() {
  return yargs()
    .scriptName('meridian')
    .usage('$0 <command>\n\nA delivery network that a team runs itself.')
    .detectLocale(false)
    .exitProcess(false)
    .parserConfiguration({ 'camel-case-expansion': false, 'greedy-arrays': false })
    .strict()
    .recommendCommands()
    .demandCommand(1, 1, 'Which command?', 'One command at a time.')
    .version(false)
    .completion('completion', 'Print a completion script for bash or zsh')
    .alias('h', 'help')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .epilogue(exitCodes)
    .fail((message, error: Error | undefined) => {
      // Most complaints of yargs come as text, some as its own class of error.
      if (error === undefined || error.name === 'YError') throw new UsageError(message ?? error?.message);
      throw error;
    });
}

/** yargs suggests commands; this suggests options. */
function withSuggestion(error: unknown, word: string, known: readonly string[]): unknown {
  if (!(error instanceof UsageError)) return error;
  if (error.message.startsWith('Did you mean'))
    return new UsageError(`There is no command ${word}. ${error.message}`);
  const [, unknown = ''] = /^Unknown arguments?: ([\w-]+)/.exec(error.message) ?? [];
  const { hint } = suggest(unknown, known);
  return hint === undefined ? error : new UsageError(`${error.message}. ${hint.replace('mean ', 'mean --')}`);
}
