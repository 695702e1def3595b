/**
 * Clients whose TCP handshake with a port of this machine is under way, as Linux tells over netlink (sock_diag(7)): in a few
 * milliseconds, where `/proc/net/tcp` takes as many for each thousand connections that have just been closed.
 */
import { ptr } from 'bun:ffi';
import { libc } from './libc.ts';

const afNetlink = 16;
const sockRawCloseOnExec = 0x80003;
const netlinkSockDiag = 4;
const sockDiagByFamily = 20;
/** NLM_F_REQUEST and NLM_F_DUMP. */
const allOfThem = 0x301;
const ipprotoTcp = 6;
const synRecv = 3;
const dontWait = 0x40;
const families = [2, 10];

/** `struct nlmsghdr`, then `struct inet_diag_req_v2` or `struct inet_diag_msg`. */
const headBytes = 16;
const askedBytes = headBytes + 56;
/** Where an answer has the client's port, its address, and ends. */
const at = { port: headBytes + 6, address: headBytes + 24, end: headBytes + 40 };
const bufferBytes = 64 * 1024;
/** Answers of so many buffers at most: about 30,000 clients. */
const maxReads = 40;

/**
 * One word for each client, the same as long as its handshake is under way. Processes that listen at the same port cannot be told apart.
 * None where the system does not tell.
 */
export function handshakesAt(port: number): ReadonlySet<string> {
  const system = load();
  const found = new Set<string>();
  const socket = system?.socket(afNetlink, sockRawCloseOnExec, netlinkSockDiag) ?? -1;
  if (system === null || socket < 0) return found;
  const buffer = Buffer.alloc(bufferBytes);
  for (const family of families) {
    system.send(socket, ptr(question(family, port)), askedBytes, 0);
    for (let reads = 0; reads < maxReads; reads++) {
      const length = Number(system.recv(socket, ptr(buffer), buffer.length, dontWait));
      if (length <= 0 || !read(buffer.subarray(0, length), found)) break;
    }
  }
  system.close(socket);
  return found;
}

let loaded: { readonly system: ReturnType<typeof open> } | null = null;

function load() {
  loaded ??= { system: open() };
  return loaded.system;
}

function open() {
  return libc({
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
    recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
    close: { args: ['i32'], returns: 'i32' },
  });
}

function question(family: number, port: number): Buffer {
  const asked = Buffer.alloc(askedBytes);
  asked.writeUInt32LE(askedBytes, 0);
  asked.writeUInt16LE(sockDiagByFamily, 4);
  asked.writeUInt16LE(allOfThem, 6);
  asked.writeUInt8(family, headBytes);
  asked.writeUInt8(ipprotoTcp, headBytes + 1);
  asked.writeUInt32LE(1 << synRecv, headBytes + 4);
  asked.writeUInt16BE(port, headBytes + 8);
  return asked;
}

/** Whether more may follow: the end, and an error, are messages of another type. */
function read(messages: Buffer, found: Set<string>): boolean {
  for (let start = 0; start + headBytes <= messages.length; ) {
    const length = messages.readUInt32LE(start);
    if (messages.readUInt16LE(start + 4) !== sockDiagByFamily || length < at.end) return false;
    const message = messages.subarray(start, start + length);
    found.add(`${message.readUInt16BE(at.port)} ${message.toString('hex', at.address, at.end)}`);
    start += (length + 3) & ~3;
  }
  return true;
}
