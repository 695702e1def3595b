import { afterEach, describe, expect, test } from 'bun:test';
import { withBlobs } from './blob.ts';
import { alice, bytesOf, closeHomes, openTestHome, referencesOf, refusalOf } from './home.contract.ts';
import { type FilePart, type FormOptions, readMultipart } from './multipart.ts';

afterEach(closeHomes);

interface Form {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function formOf(fill: (form: FormData) => void): Promise<Form> {
  const form = new FormData();
  fill(form);
  const request = new Request('http://example.com', { method: 'POST', body: form });
  return {
    type: request.headers.get('content-type') ?? '',
    bytes: new Uint8Array(await request.arrayBuffer()),
  };
}

/** In chunks of so many bytes, which says when it is let go of. */
function sent({ bytes }: Form, chunkBytes: number) {
  const state = { isCancelled: false };
  let at = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at + chunkBytes));
        at += chunkBytes;
      },
      cancel() {
        state.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}

async function read(form: Form, options: Partial<FormOptions> = {}, chunkBytes = 1000) {
  const home = await openTestHome();
  const files: (FilePart & { text: string })[] = [];
  const { body, state } = sent(form, chunkBytes);
  const at = home.as(alice, { method: 'POST', headers: { 'content-type': form.type }, body });
  const work = readMultipart(at, {
    maxFieldBytes: 1000,
    async file(part, stream) {
      files.push({ ...part, text: await new Response(stream).text() });
    },
    ...options,
  });
  return { work, files, state };
}

const twoFiles = () =>
  formOf((form) => {
    form.append('name', 'thing');
    form.append('classifier', 'one');
    form.append('classifier', 'two');
    form.append('content', new File(['x'.repeat(100_000)], 'thing-1.0.tgz', { type: 'application/gzip' }));
    form.append('signature', new File(['signed'], '../../thing-1.0.tgz.asc'));
    form.append('last', 'field');
  });

describe('a form', () => {
  for (const chunkBytes of [1, 7, 1000, 1_000_000])
    test(`is read whatever its pieces are: ${chunkBytes} bytes`, async () => {
      const form =
        chunkBytes < 10 ? await formOf((own) => own.append('a', new File(['123'], 'b'))) : await twoFiles();
      const { work, files } = await read(form, {}, chunkBytes);
      const fields = await work;
      if (chunkBytes < 10) {
        expect(files).toMatchObject([{ field: 'a', fileName: 'b', text: '123' }]);
        return;
      }
      expect([...fields]).toEqual([
        ['name', ['thing']],
        ['classifier', ['one', 'two']],
        ['last', ['field']],
      ]);
      expect(files.map(({ field, fileName, text }) => [field, fileName, text.length])).toEqual([
        ['content', 'thing-1.0.tgz', 100_000],
        ['signature', 'thing-1.0.tgz.asc', 6],
      ]);
    });

  test('goes from the client to the store, and only what is published stays', async () => {
    const home = await openTestHome();
    const form = await twoFiles();
    const { body } = sent(form, 5_000);
    const at = home.as(alice, { method: 'POST', headers: { 'content-type': form.type }, body });
    const sizes = await withBlobs(at, async (hold) => {
      const held: number[] = [];
      await readMultipart(at, {
        maxFieldBytes: 1000,
        file: async (_, stream) => void held.push((await hold(stream)).sizeBytes),
      });
      return held;
    });
    expect(sizes).toEqual([100_000, 6]);
    expect(await referencesOf(home)).toEqual([]);
  });

  test('of which a file is not wanted is read to its end', async () => {
    const { work } = await read(await twoFiles(), { file: async () => {} });
    expect((await work).get('last')).toEqual(['field']);
  });

  test('that breaks off is refused, and so is what was read of its file', async () => {
    const { type, bytes } = await twoFiles();
    const { work, files } = await read({ type, bytes: bytes.slice(0, 50_000) });
    expect(await refusalOf(work)).toStartWith('400');
    expect(files).toEqual([]);
  });

  test('is let go of when a file cannot be taken in', async () => {
    const { work, state } = await read(await twoFiles(), {
      file: () => Promise.reject(new Error('the store is full')),
    });
    await expect(work).rejects.toThrow('the store is full');
    expect(state.isCancelled).toBe(true);
  });

  test('of too many or too long fields, or of too many files, is refused', async () => {
    const long = await formOf((form) => form.append('a', 'x'.repeat(2000)));
    expect(await refusalOf((await read(long)).work)).toStartWith('413');
    const many = await formOf((form) => {
      for (let nth = 0; nth < 200; nth++) form.append(`field ${nth}`, 'value');
    });
    expect(await refusalOf((await read(many)).work)).toStartWith('413');
    expect(await refusalOf((await read(await twoFiles(), { maxFiles: 1 })).work)).toStartWith('413');
  });

  test('may have what few clients send: a preamble, empty parts, names in quotes and in other letters', async () => {
    const part = (head: string, text: string) =>
      `\r\n--x  \r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}`;
    const text = [
      'To be ignored',
      part('name="a \\"b\\""', ''),
      part("name=c; filename=plain; filename*=UTF-8''%C3%A4.txt", 'text'),
      part('name=d; filename="C:\\\\folder\\\\e.txt"', ''),
      part('name=f', '--x is no boundary\r\n--'),
      '\r\n--x--\r\nTo be ignored',
    ].join('');
    for (const chunkBytes of [1, 2, 3, 1000]) {
      const form = { type: 'multipart/form-data; charset=utf-8; boundary="x"', bytes: bytesOf(text) };
      const { work, files } = await read(form, {}, chunkBytes);
      expect([...(await work)]).toEqual([
        ['a "b"', ['']],
        ['f', ['--x is no boundary\r\n--']],
      ]);
      expect(files.map((file) => [file.fileName, file.text])).toEqual([
        ['ä.txt', 'text'],
        ['e.txt', ''],
      ]);
    }
  });

  test('that is none is refused', async () => {
    const { bytes } = await twoFiles();
    const type = 'multipart/form-data; boundary=x';
    expect(await refusalOf((await read({ type: 'application/json', bytes })).work)).toStartWith('415');
    expect(await refusalOf((await read({ type: 'multipart/form-data; a=b', bytes })).work)).toStartWith(
      '400',
    );
    expect(await refusalOf((await read({ type, bytes: bytesOf('nothing of the kind') })).work)).toStartWith(
      '400',
    );
    expect(await refusalOf((await read({ type, bytes: bytesOf('') })).work)).toStartWith('400');
    const form = (head: string) => ({ type, bytes: bytesOf(`--x\r\n${head}\r\n\r\nbytes\r\n--x--\r\n`) });
    for (const head of ['a: b\r\n'.repeat(10_000), 'a: b', 'content-disposition: attachment; name=a'])
      expect(await refusalOf((await read(form(head))).work)).toStartWith('400');
    const encoded = 'content-disposition: form-data; name=a\r\ncontent-transfer-encoding: base64';
    expect(await refusalOf((await read(form(encoded))).work)).toStartWith('415');
  });
});
