/** How often each of the most wanted packages was fetched lately: for those who may know. */
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';

export const countedDays = 30;
const dayMs = 86_400_000;
const limit = 1_000;

export type Popular = (route: string, name: string) => number;

/** `undefined`: not known, or not to him. */
export function usePopular(): Popular | undefined {
  const { ask, own } = useSession();
  const { value } = useAnswer(async () => {
    if (!own.administers) return null;
    const fromMs = Date.now() - countedDays * dayMs;
    const { top } = await ask('GET', at('/top', {}, { by: 'package', fromMs, limit }));
    return new Map(top.map(({ route, name, downloads }) => [`${route} ${name}`, downloads]));
  }, []);
  if (!value) return undefined;
  return (route, name) => value.get(`${route} ${name}`) ?? 0;
}
