/**
 * A response as an answer over frames: its head, and its body with its length, as far as that is known.
 */
import { lengthField } from '../../http/client.ts';
import { type Body, bodyOfBytes, bodyOfStream } from './body.ts';
import { fieldLine, type GivenHead, windowBytes } from './message.ts';

export interface Given {
  readonly head: GivenHead;
  readonly body: Body;
}

/** Of one connection, and what the frame of the head tells already. */
const ofFraming: ReadonlySet<string> = new Set([lengthField, 'transfer-encoding']);

const text = new TextEncoder();

/** Fails as the reading of a short body does. */
export async function givenOf(response: Response): Promise<Given> {
  const { status, headers } = response;
  const [as, body] = await bodyOf(response);
  let fields = '';
  headers.forEach((value, name) => {
    if (!ofFraming.has(name)) fields += fieldLine(name, value);
  });
  const { sizeBytes } = body;
  return { head: { as, status, timing: '', head: text.encode(fields), sizeBytes }, body };
}

/** What streams says so in a field of our own. All else has its length, and is read at once where it is short. */
async function bodyOf(response: Response): Promise<['whole' | 'stream', Body]> {
  const { body, headers } = response;
  if (body === null) return ['whole', bodyOfBytes(new Uint8Array())];
  const length = headers.get('content-length');
  const sizeBytes = length === null ? null : Number(length);
  if (sizeBytes === null || sizeBytes > windowBytes || headers.has(lengthField))
    return ['stream', bodyOfStream(body, sizeBytes)];
  const bytes = await response.bytes();
  if (bytes.length !== sizeBytes) throw new Error(`a body of ${sizeBytes} bytes has ${bytes.length}`);
  return ['whole', bodyOfBytes(bytes)];
}
