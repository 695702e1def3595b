/** The parameters of a ring over several machines, a part of the table in `schema.ts`. */
import * as forms from './forms.ts';
import { count, group, milliseconds, seconds, text, url } from './kinds.ts';
import { listenerTls } from './schema-tls.ts';

export const ring = group(
  'Makes one cache of this node and all others whose ring has the same name: each of their workers is a member, and keeps its part. Not for an origin.',
  {
    name: text(
      'Name of the ring, the same for all nodes of it, which have the same role.',
      { expected: "a name of lower-case letters, digits and inner dashes, such as 'lhr'" },
      forms.label,
    ),
    host: text(
      'IP address or name to listen on for the other nodes of the ring.',
      { expected: "an IP address or host name, such as '10.0.0.5' or '::'" },
      forms.listenHost,
    ).prefault('127.0.0.1'),
    port: count('TCP port of the first worker; the others have the ports after it.', 1, 65_535),
    address: url(
      'How the other nodes reach the first worker; the others are at the ports after it.',
      '`http://`, or `https://` with `tls`, `host`, `port`; needed where `host` stands for all addresses',
    ).optional(),
    tls: listenerTls.optional(),
    capacity: count(
      'How much each worker of this node keeps, compared to one of capacity 1.',
      1,
      100,
    ).prefault(1),
    virtualNodes: count(
      'Places on the ring of a worker of capacity 1, the same for all nodes of the ring. More spread the load better, and take longer to work out.',
      20,
      1000,
    ).prefault(160),
    checkMs: milliseconds('Between two checks of each of the other members.', { atLeast: 50 }).prefault(1000),
    goneS: seconds(
      'A member that has given no sign of life for so long is no member any more. Before that it is passed over, and its keys stay its own.',
      { atLeast: 1 },
    ).prefault('60s'),
  },
);
