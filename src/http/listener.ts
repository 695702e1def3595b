import type { Clock } from '../clock.ts';
export interface Listener { url: string; port: number; clientAddress(r: Request): string; pending(): number; drain(ms: number): Promise<void> }
export async function listen(o: any): Promise<Listener> {
  let self: Listener;
  const server = Bun.serve({ hostname: o.host, port: o.port, development: false, idleTimeout: 60, fetch: (r) => o.handle(r, self), error: o.failed });
  self = { url: `http://${o.host}:${server.port}`, port: server.port!, clientAddress: (r) => server.requestIP(r)?.address ?? '', pending: () => server.pendingRequests, drain: async () => { await server.stop(); } };
  return self;
}
export function requestFault(r: Request): null { return null; }
