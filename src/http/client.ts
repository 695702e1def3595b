import { MeridianError } from '../errors.ts';
export async function request(url: string, o: any): Promise<any> {
  try {
    if (!o.headers.has('accept-encoding')) o.headers.set('accept-encoding','identity');
    const r = await fetch(url, { method: o.method, headers: o.headers, body: o.body, signal: o.signal, redirect: 'manual', decompress: false } as any);
    return { status: r.status, headers: r.headers, body: r.body };
  } catch (e) { if (o.signal.aborted) throw e; throw new MeridianError('upstream-unreachable', String(e), { cause: e }); }
}
