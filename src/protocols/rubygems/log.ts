/**
 * `/versions` as clients follow it: a file that only ever grows, so that whoever has its beginning asks for the rest by a range.
 *
 *     created_at: 2026-11-01T00:00:05Z
 *     ---
 *     rack 3.0.0,3.0.1 <MD5 of /info/rack>
 *     rack 3.1.0 <its next MD5>
 *     rack -3.0.0 <its next MD5>
 *
 * The last line of a gem says what its `/info` hashes to.
 */
const newline = 0x0a;

export class VersionsLog {
  readonly #chunks: Uint8Array[] = [];
  readonly #md5 = new Bun.CryptoHasher('md5');
  readonly #sha256 = new Bun.CryptoHasher('sha256');
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#md5.update(bytes);
    this.#sha256.update(bytes);
    this.#sizeBytes += bytes.length;
  }

  whole(): { readonly body: Uint8Array<ArrayBuffer>; readonly md5: string; readonly sha256: string } {
    const body = new Uint8Array(this.#sizeBytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      body.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks.splice(0, this.#chunks.length, body);
    return { body, md5: this.#md5.copy().digest('hex'), sha256: this.#sha256.copy().digest('base64') };
  }
}

/** What is made of a line of an upstream's; `null`: it is left out. Without its line break. */
export type LineEdit = (name: string, line: string) => string | null;

/** Whole lines only: what has no line break yet waits for the rest of it. */
export class LineReader {
  #rest: Uint8Array = new Uint8Array();
  #isInHead = true;

  /** The head of the file, and all whole lines of it that follow. */
  read(bytes: Uint8Array): { readonly head: string; readonly lines: Uint8Array } {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(newline) + 1;
    this.#rest = all.subarray(end);
    const lines = all.subarray(0, end);
    if (!this.#isInHead) return { head: '', lines };
    const from = headBytes(lines);
    this.#isInHead = from === 0 && lines.length === 0;
    return { head: Buffer.from(lines.subarray(0, from)).toString('utf8'), lines: lines.subarray(from) };
  }
}

/** Up to the line that is `---` alone, which is among the first. 0: there is none. */
function headBytes(lines: Uint8Array): number {
  const first = Buffer.from(lines.buffer, lines.byteOffset, Math.min(lines.byteLength, 1024)).toString(
    'latin1',
  );
  return first.startsWith('---\n') ? 4 : first.includes('\n---\n') ? first.indexOf('\n---\n') + 5 : 0;
}

/** Gems of which the one file says something else in the end than the other does. */
export async function differing(
  before: Uint8Array,
  after: Uint8Array,
  turn: () => Promise<void>,
): Promise<ReadonlySet<string>> {
  const digests = async (file: Uint8Array) => {
    const last = new Map<string, string>();
    for (const piece of pieces(file)) {
      for (const line of piece.split('\n')) {
        const blank = line.indexOf(' ');
        if (blank > 0) last.set(line.slice(0, blank), line.slice(line.lastIndexOf(' ') + 1));
      }
      await turn();
    }
    return last;
  };
  const [old, now] = [await digests(before), await digests(after)];
  return new Set([...now].flatMap(([name, digest]) => (old.get(name) === digest ? [] : [name])));
}

/** Some of the lines at a time. */
function* pieces(lines: Uint8Array): Generator<string, void, undefined> {
  for (let at = 0; at < lines.length; ) {
    const cut = lines.indexOf(newline, Math.min(at + pieceBytes, lines.length - 1));
    const end = cut < 0 ? lines.length : cut + 1;
    yield Buffer.from(lines.buffer, lines.byteOffset + at, end - at).toString('utf8');
    at = end;
  }
}

/** @param turn is called now and then: the file has hundreds of thousands of lines. */
export async function edited(
  lines: Uint8Array,
  edit: LineEdit,
  turn: () => Promise<void>,
): Promise<Uint8Array> {
  const made: Buffer[] = [];
  for (const piece of pieces(lines)) {
    let text = '';
    for (const line of piece.split('\n')) {
      const blank = line.indexOf(' ');
      const kept = blank <= 0 ? null : edit(line.slice(0, blank), line);
      if (kept !== null) text += `${kept}\n`;
    }
    made.push(Buffer.from(text));
    await turn();
  }
  return Buffer.concat(made);
}

const pieceBytes = 256 * 1024;

/** Which gems they are about. */
export function namesIn(lines: Uint8Array): readonly string[] {
  const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('utf8');
  return text.split('\n').flatMap((line) => /^(\S+) /.exec(line)?.[1] ?? []);
}

/** What a gem was last said to have. */
export interface Told {
  readonly numbers: ReadonlySet<string>;
  readonly md5: string;
}

/** The line that tells what has changed of a gem since; `null`: nothing has. */
export function lineBetween(name: string, before: Told | undefined, now: Told): string | null {
  const added = [...now.numbers].filter((number) => before?.numbers.has(number) !== true);
  const gone = [...(before?.numbers ?? [])].filter((number) => !now.numbers.has(number));
  const changes = [...gone.map((number) => `-${number}`), ...added];
  if (changes.length > 0) return `${name} ${changes.join(',')} ${now.md5}`;
  const last = [...now.numbers].at(-1);
  return before?.md5 === now.md5 || last === undefined ? null : `${name} ${last} ${now.md5}`;
}

export function md5Of(text: string): string {
  return new Bun.CryptoHasher('md5').update(text).digest('hex');
}
