/**
 * A writer of files that live here, who may lose his network at any moment: puts, replaces and deletes files of one folder, one after the other,
 * and knows what holds: what was acknowledged, and where no answer came, what was before or what was asked for.
 */
import { noise } from './package.ts';

type Send = (
  method: string,
  path: string,
  body: Uint8Array<ArrayBuffer> | null,
) => Promise<{ status: number }>;

/** What a path may hold; `null`: nothing. */
export type Content = Uint8Array<ArrayBuffer> | null;

const fileBytes = 30_000;

export class TreeWriter {
  readonly folder: string;
  readonly counts = { put: 0, replaced: 0, deleted: 0, interrupted: 0 };
  readonly #send: Send;
  /** One each, when its last change was acknowledged. */
  readonly #possible = new Map<string, readonly Content[]>();
  readonly #touched = new Set<string>();
  #nth = 0;

  /** @param folder with its slash. */
  constructor(folder: string, send: Send) {
    this.folder = folder;
    this.#send = send;
  }

  begin(): void {
    this.#touched.clear();
  }

  paths(): readonly string[] {
    return [...this.#possible.keys()];
  }

  /** Those that were changed, or were about to be, since `begin`. */
  touched(): readonly string[] {
    return [...this.#touched];
  }

  possible(path: string): readonly Content[] {
    return this.#possible.get(path) ?? [null];
  }

  /** What has been seen to be there, which holds from now on. */
  settle(path: string, seen: Content): void {
    this.#possible.set(path, [seen]);
  }

  async writeUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.#step();
  }

  async #step(): Promise<void> {
    const nth = this.#nth++;
    const old = this.paths()[(nth * 7919) % Math.max(1, this.#possible.size)];
    const isOld = old !== undefined && nth % 3 !== 0;
    const path = isOld ? old : `${this.folder}${nth}.bin`;
    const isDeleted = isOld && nth % 3 === 2;
    const body = isDeleted ? null : new Uint8Array(Buffer.from(noise(`${path} ${nth}`, fileBytes)));
    await this.#change(path, body, isDeleted ? 'deleted' : isOld ? 'replaced' : 'put');
  }

  async #change(path: string, to: Content, what: 'put' | 'replaced' | 'deleted'): Promise<void> {
    const before = this.possible(path);
    this.#touched.add(path);
    this.#possible.set(path, [...before, to]);
    const status = await this.#send(to === null ? 'DELETE' : 'PUT', path, to)
      .then((answer) => answer.status)
      .catch(() => 0); // Nobody answers any more: the load goes on, and what holds is known.
    const isDone = to === null ? status === 204 || status === 404 : status === 200 || status === 201;
    if (!isDone) {
      this.counts.interrupted++;
      return;
    }
    this.#possible.set(path, [to]);
    this.counts[what]++;
  }
}
