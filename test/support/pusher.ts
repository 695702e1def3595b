/**
 * A client of a registry that may be killed at any moment: pushes, mounts, moves and deletes images of one repository, one change after the
 * other, and knows what holds: what was acknowledged, and where no answer came, what was before or what was asked for.
 */
import { noise } from './package.ts';

type Send = (method: string, target: string, sent?: RequestInit) => Promise<Response>;

export interface PushedBlob {
  readonly digest: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

export interface PushedImage {
  /** Of its manifest. */
  readonly digest: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly blobs: readonly PushedBlob[];
}

/** A blob that a repository has. */
export interface Told extends PushedBlob {
  readonly name: string;
}

const imageType = 'application/vnd.oci.image.manifest.v1+json';

export class Pusher {
  readonly name: string;
  readonly counts = { pushed: 0, moved: 0, mounted: 0, deleted: 0, interrupted: 0 };
  readonly #mounts: string;
  readonly #send: Send;
  /** What a tag may stand for; `null`: it may not be there. One of them, when its last change was acknowledged. */
  readonly #tags = new Map<string, readonly (PushedImage | null)[]>();
  readonly #touched = new Set<string>();
  readonly #told: Told[] = [];
  /** Of the images whose tag stays. */
  readonly #images: { readonly tag: string; readonly image: PushedImage }[] = [];
  #toldBefore = 0;
  #round = 0;
  #nth = 0;

  /** @param mounts another repository, which blobs are mounted to. */
  constructor(name: string, mounts: string, send: Send) {
    this.name = name;
    this.#mounts = mounts;
    this.#send = send;
  }

  begin(round: number): void {
    this.#round = round;
    this.#touched.clear();
    this.#toldBefore = this.#told.length;
  }

  tags(): readonly string[] {
    return [...this.#tags.keys()];
  }

  /** Tags that were changed, or were about to be, since `begin`. */
  touched(): readonly string[] {
    return [...this.#touched];
  }

  possible(tag: string): readonly (PushedImage | null)[] {
    return this.#tags.get(tag) ?? [null];
  }

  /** Blobs that were acknowledged. */
  told(): readonly Told[] {
    return this.#told;
  }

  toldNow(): readonly Told[] {
    return this.#told.slice(this.#toldBefore);
  }

  /** Whether these may be all the tags that there are. */
  agrees(listed: readonly string[]): boolean {
    const all = [...this.#tags].every(([tag, possible]) => possible.includes(null) || listed.includes(tag));
    return all && listed.every((tag) => this.possible(tag).some((each) => each !== null));
  }

  /** Or until nothing is answered any more. */
  async pushUntil(isOver: () => boolean): Promise<void> {
    for (let failures = 0; failures < 3 && !isOver(); ) {
      try {
        await this.#change(this.#nth++);
      } catch (error) {
        if (error instanceof WrongAnswer) throw error;
        failures++;
        this.counts.interrupted++; // The other end is gone, or says that what is behind it is.
      }
    }
  }

  async #change(nth: number): Promise<void> {
    const tag = `r${this.#round}.${nth}`;
    if (nth % 4 === 1) return this.#mount();
    if (nth % 4 === 3 && this.#images.length > 1) return this.#delete();
    const image = imageOf(`${this.name}:${tag}`);
    for (const blob of image.blobs) await this.#pushBlob(blob, nth);
    await this.#tag(tag, image);
    this.#images.push({ tag, image });
    this.counts.pushed++;
    await this.#tag('latest', image);
    this.counts.moved++;
  }

  /** By turns in one request, in two, and in chunks. */
  async #pushBlob({ digest, content }: PushedBlob, nth: number): Promise<void> {
    const uploads = `/v2/${this.name}/blobs/uploads/`;
    if (nth % 3 === 0) {
      await this.#ask(201, 'POST', `${uploads}?digest=${digest}`, { body: content });
    } else {
      const begun = await this.#ask(202, 'POST', uploads);
      const place = begun.headers.get('location') ?? '';
      if (nth % 3 === 1) {
        await this.#ask(201, 'PUT', `${place}?digest=${digest}`, { body: content });
      } else {
        const half = Math.floor(content.length / 2);
        for (const [from, to] of [
          [0, half],
          [half, content.length],
        ] as const) {
          const headers = { 'content-range': `${from}-${to - 1}` };
          await this.#ask(202, 'PATCH', place, { body: content.slice(from, to), headers });
        }
        await this.#ask(201, 'PUT', `${place}?digest=${digest}`);
      }
    }
    this.#told.push({ name: this.name, digest, content });
  }

  async #tag(tag: string, image: PushedImage): Promise<void> {
    this.#touched.add(tag);
    this.#tags.set(tag, [...this.possible(tag), image]);
    const headers = { 'content-type': imageType };
    await this.#ask(201, 'PUT', `/v2/${this.name}/manifests/${tag}`, { body: image.bytes, headers });
    this.#tags.set(tag, [image]);
  }

  /** What was acknowledged can be mounted, whatever came in between. */
  async #mount(): Promise<void> {
    const blob = this.#told.filter(({ name }) => name === this.name).at(-1);
    if (blob === undefined) return;
    const target = `/v2/${this.#mounts}/blobs/uploads/?mount=${blob.digest}&from=${this.name}`;
    const { status } = await this.#ask(null, 'POST', target);
    if (status === 202) throw new WrongAnswer(`${blob.digest} was acknowledged, and cannot be mounted`);
    if (status !== 201) throw new Error(`${status}`);
    this.#told.push({ ...blob, name: this.#mounts });
    this.counts.mounted++;
  }

  /** The one before the last, which `latest` does not stand for any more. */
  async #delete(): Promise<void> {
    const [{ tag, image } = { tag: '', image: null }] = this.#images.splice(-2, 1);
    if (image === null || this.possible('latest').includes(image)) return;
    this.#touched.add(tag);
    this.#tags.set(tag, [image, null]);
    await this.#ask(202, 'DELETE', `/v2/${this.name}/manifests/${image.digest}`);
    this.#tags.set(tag, [null]);
    this.counts.deleted++;
  }

  async #ask(
    expected: number | null,
    method: string,
    target: string,
    sent: RequestInit = {},
  ): Promise<Response> {
    const response = await this.#send(method, target, sent);
    if (expected === null || response.status === expected) return response;
    const text = await response.text();
    if (response.status < 500) throw new WrongAnswer(`${method} ${target}: ${response.status} ${text}`);
    throw new Error(text);
  }
}

/** Nothing that a kill is a reason for. */
class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** An image of a layer and a config, which nobody else has. */
function imageOf(seed: string): PushedImage {
  const layer = blobOf(new TextEncoder().encode(noise(seed, 60_000)));
  const config = blobOf(new TextEncoder().encode(JSON.stringify({ seed })));
  const describe = (mediaType: string, { digest, content }: PushedBlob) => ({
    ...{ mediaType, digest, size: content.length },
  });
  const manifest = {
    ...{ schemaVersion: 2, mediaType: imageType },
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: [describe('application/vnd.oci.image.layer.v1.tar', layer)],
  };
  const bytes = new Uint8Array(new TextEncoder().encode(JSON.stringify(manifest)));
  return { digest: digestOf(bytes), bytes, blobs: [layer, config] };
}

function blobOf(content: Uint8Array): PushedBlob {
  return { digest: digestOf(content), content: new Uint8Array(content) };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
}
