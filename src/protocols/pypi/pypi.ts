/** Python packages: what the kit for packages (`../registry/`) has to know of them. See README.md. */
import { type Clock, systemClock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import type { Changing, Ecosystem, Item, Pulling } from '../registry/ecosystem.ts';
import { pypiForesight } from './foresight/foresight.ts';
import { guides } from './guides.ts';
import { setYanked, takeAway } from './hosted/change.ts';
import { describe } from './hosted/meta.ts';
import { serveHosted } from './hosted/serve.ts';
import { upload } from './hosted/upload.ts';
import { normalise } from './names.ts';
import { foresee, needs } from './needs.ts';
import { renderings } from './negotiate.ts';
import { read, write } from './path.ts';
import { filePuller } from './pull-file.ts';
import { factsOf, pullList, pullProject } from './pull-index.ts';
import { versions } from './version.ts';

export function pypi(clock: Clock = systemClock): Ecosystem {
  const pullFile = filePuller(clock);

  async function pull(item: Item, at: Pulling): Promise<Answer> {
    if (item.kind === 'list') return pullList(item, at);
    return item.kind === 'project' ? pullProject(item, at) : pullFile(item, at);
  }

  return {
    ...{ id: 'pypi', title: 'PyPI', advisories: 'PyPI', order: versions, canonical: normalise },
    foresight: pypiForesight(),
    accepts: Object.values(renderings),
    ...{ read, write, pull, serve: serveHosted, receive, facts: factsOf, guides, needs, foresee, describe },
    // pip shows a status and an address, twine and uv this text.
    error: (_, message) => ({ type: 'text/plain; charset=utf-8', body: `${message}\n` }),
  };
}

async function receive(what: string, at: Changing): Promise<Answer> {
  if (what === 'upload') return upload(at);
  return what === 'remove' ? takeAway(at) : setYanked(at);
}
