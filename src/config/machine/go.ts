/** The proxies that this machine's go is set to, in its order. */
import type { Machine } from './machine.ts';
import { remedy, urlIn } from './url.ts';

/** @returns `null` where there is no go, and it is not said. @throws where go is told to use no proxy at all. */
export async function goProxies({ env, ask }: Machine): Promise<readonly string[] | null> {
  const text = env.GOPROXY || (await askGo(ask));
  if (text === null) return null;
  // `direct` fetches from where the module lives, and `off` from nowhere: neither is a proxy.
  const words = text.split(/[,|]/);
  const proxies = words.filter((word) => word !== 'direct' && word !== 'off' && word !== '');
  if (proxies.length > 0) return proxies.map((proxy) => urlIn(proxy, '`go env GOPROXY`', 'go'));
  throw new Error(`\`go env GOPROXY\` names no proxy. ${remedy('go')}`);
}

async function askGo(ask: Machine['ask']): Promise<string | null> {
  const said = await ask('go', 'env', 'GOPROXY');
  if (said === null || said.code !== 0) return null;
  return said.text.trim() || null;
}
