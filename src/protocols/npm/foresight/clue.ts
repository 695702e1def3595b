/** At a PoP: what a request tells of an install that has begun, and how the origin is asked about it. */
import { MeridianError } from '../../../errors.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Clue, Doing } from '../../../foresight.ts';
import type { Named } from '../../../resource.ts';
import type { Form } from '../form.ts';
import { versionOfFile } from '../hosted/record.ts';
import { itemOf } from '../key.ts';
import { isPackageName, isVersion } from '../path.ts';
import { type Client, clientOf, type Tool } from './client.ts';
import { isForOthers } from './platform.ts';

/** What the origin is asked. */
export interface Question {
  readonly client: Client;
  readonly name: string;
  /** He has a lock file, and has asked for this version. `null`: he asks for documents, to find out which version he wants. */
  readonly locked: string | null;
  /** Of the documents that he asks for. */
  readonly form: Form;
}

const tools: readonly Tool[] = ['npm', 'pnpm', 'yarn', 'berry', 'bun'];

/** Documents that are asked for by somebody who has a lock file: whether there is a newer version of his installer. */
const mostInPassing = 2;

export function clue(named: Named, { headers }: Exchange, doing: Doing): Clue | null {
  if (named.as !== 'resource') return null;
  const client = clientOf(headers);
  const item = client && itemOf(named.key);
  if (client === null || item === null || !('name' in item)) return null;
  if (isForOthers(item.name, client.platform)) return null;
  const ask = (question: Question): Clue => ({ question: write(question), foreseen: [] });
  switch (item.kind) {
    case 'packument':
      // That is how it finds out that there is a newer one of it.
      if (item.name === client.tool) return null;
      return ask({ client, name: item.name, locked: null, form: item.form });
    case 'tarball': {
      // Whoever has asked for documents, or has told what he installs, has told more than this.
      if (doing.asked('packument') > mostInPassing || doing.asked('advisories') > 0) return null;
      const version = versionOfFile(item.name, item.file);
      return version === null ? null : ask({ client, name: item.name, locked: version, form: 'full' });
    }
    default:
      return null;
  }
}

function write({ client: { tool, platform, node }, name, locked, form }: Question): string {
  const words = new URLSearchParams({ tool, ...platform });
  // What runs on which Node.js is npm's concern alone.
  if (tool === 'npm' && node !== '' && locked === null) words.set('node', node);
  if (locked === null) words.set('form', form);
  else words.set('locked', locked);
  words.set('name', name);
  return words.toString();
}

const word = /^[a-z0-9]{1,20}$/;

/** @throws `request-malformed` */
export function readQuestion(text: string): Question {
  const words = new URLSearchParams(text);
  const tool = tools.find((each) => each === words.get('tool'));
  const [os, cpu, libc] = ['os', 'cpu', 'libc'].map((each) => words.get(each) ?? '');
  const [name, locked, node] = [words.get('name') ?? '', words.get('locked'), words.get('node') ?? ''];
  const form = words.get('form') === 'abbreviated' ? 'abbreviated' : 'full';
  const isPlatform = [os, cpu, libc].every((each) => word.test(each ?? ''));
  const isKnown = isPackageName(name) && (locked === null || isVersion(locked));
  if (tool === undefined || !isPlatform || !isKnown || !/^[\d.]{0,20}$/.test(node))
    throw new MeridianError('request-malformed', `"${text}" is no question about packages of npm`);
  return { client: { tool, platform: { os: os!, cpu: cpu!, libc: libc! }, node }, name, locked, form };
}
