/** A request's fields as HTTP/2 has them (RFC 9113 §8.3). */
import type { OutgoingHttpHeaders } from 'node:http2';
import { hopByHop } from '../../fields.ts';
import type { Destination } from '../place.ts';
import type { ClientRequest } from '../request.ts';

/** As servers count them, each with 32 bytes more than it has (RFC 9113 §6.5.2); ours take 16 KiB. */
const mostBytes = 12 * 1024;
const extraBytes = 32;

/** Whether they fit in what any server takes. With HTTP/1.1, servers take more. */
export function fieldsFit({ headers }: ClientRequest, { target }: Destination): boolean {
  let bytes = target.length;
  headers.forEach((value, name) => {
    bytes += name.length + value.length + extraBytes;
  });
  return bytes <= mostBytes;
}

export function requestFields(
  { method, headers }: ClientRequest,
  { place, target }: Destination,
): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {
    ':method': method,
    ':scheme': place.tlsName === null ? 'http' : 'https',
    ':authority': place.authority,
    ':path': target,
  };
  if (!headers.has('user-agent')) fields['user-agent'] = 'meridian';
  if (!headers.has('accept-encoding')) fields['accept-encoding'] = 'identity';
  headers.forEach((value, name) => {
    if (!hopByHop.has(name) && name !== 'host' && name !== 'content-length') fields[name] = value;
  });
  return fields;
}
