/**
 * npm registries, pulled through: what `npm install`, pnpm, yarn and bun ask for, served from the nearest
 * cache and fetched from the upstream once for the whole network.
 *
 * The same object works at every tier. A PoP names what is asked for and renders documents for its clients
 * (`name.ts`, `rewrite.ts`); a shield names; the origin also pulls (`pull-*.ts`). See README.md.
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Ask } from '../../parent.ts';
import type { Mount, OriginDoor, OriginHome, Protocol } from '../../protocol.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import { Budget } from '../budget.ts';
import { beginWithoutPolicy } from '../follow-policy.ts';
import { openLastLooks } from '../last-looks.ts';
import { serveAccount } from './account/serve.ts';
import { pullAdvisories } from './advisories.ts';
import { jsonAnswer } from './canonical.ts';
import { catalogueOf } from './catalogue/catalogue.ts';
import { changer } from './changed.ts';
import { coverer } from './covers.ts';
import { openDerivations } from './derivations.ts';
import { Deriver } from './deriver.ts';
import { foresightOf } from './foresight/foresight.ts';
import { pullChoices } from './foresight/pull.ts';
import { guides } from './guides.ts';
import { holdingsOf } from './holdings.ts';
import { giveOut } from './hosted/archive/give-out.ts';
import { takeIn } from './hosted/archive/take-in.ts';
import { openCatalogue } from './hosted/catalogue.ts';
import { type HostedOptions, livesHere, openHosted } from './hosted/claims.ts';
import { serveKeys } from './hosted/keys.ts';
import { concealed, serveKnown } from './hosted/known.ts';
import { readHosted } from './hosted/read.ts';
import { serveHosted } from './hosted/serve.ts';
import { tellOnce } from './hosted/tell.ts';
import { write } from './hosted/write.ts';
import { itemOf } from './key.ts';
import { mirror } from './mirror.ts';
import { namer } from './name.ts';
import { accepts, needs } from './needs.ts';
import type { MirrorOptions, NpmOrigin } from './origin.ts';
import { openOutlines } from './outlines.ts';
import { readPath } from './path.ts';
import { policyDesk } from './policy/explain.ts';
import { followed, openPolicy, type PolicyOptions } from './policy/policy.ts';
import { refusePackage } from './policy/refuse.ts';
import { pullPart } from './pull-packument.ts';
import { pullAttestations, pullDocument, pullKeys, pullSearch } from './pull-registry.ts';
import { pullManifest, pullTags } from './pull-selection.ts';
import { pullTarball } from './pull-tarball.ts';
import { type NpmRemote, openRemotes } from './remotes.ts';
import { retireMirrored } from './retire.ts';
import { rewrite } from './rewrite.ts';

export interface NpmOptions {
  /** Only the origin uses them; elsewhere they may be empty. */
  readonly remotes: readonly NpmRemote[];
  /** What lives here rather than at a remote; `null`: nothing. */
  readonly hosted: HostedOptions | null;
  readonly mirror?: MirrorOptions | undefined;
  /** What is asked of packages that are pulled through; `null`: nothing. */
  readonly policy: PolicyOptions | null;
  /** How long packuments and what is made of them are fresh, at most. */
  readonly metadata: FreshnessPolicy;
  /** Largest packument that is accepted from a remote. */
  readonly maxPackumentBytes: number;
}

/** Memory for documents that are being fetched and derived, all together: at least this. */
const MIN_BUDGET_BYTES = 256 * 1024 * 1024;
/** Documents of the largest size that may be under way at the same time. */
const LARGEST_AT_ONCE = 2;

export function npm(options: NpmOptions, mount: Mount, clock: Clock = systemClock): Protocol {
  const { metadata, maxPackumentBytes } = options;
  const outlines = openOutlines();
  const deriver = new Deriver({ clock });
  const { route } = mount;
  let warn: OriginHome['warn'] = () => {};
  const policy = options.policy && openPolicy(options.policy, { route, deriver, clock });
  const context: NpmOrigin = {
    ...{ route, policy },
    prefix: mount.prefix,
    hosted: options.hosted && openHosted(options.hosted, mount),
    mirror: options.mirror ?? {},
    warn: (message, fields) => warn(message, fields),
    catalogue: openCatalogue({ route, clock }),
    metadata,
    maxPackumentBytes,
    remotes: openRemotes(options.remotes),
    deriver,
    derivations: openDerivations(),
    freshChoices: new Map(),
    outlines,
    lastLooks: openLastLooks(clock),
    budget: new Budget(Math.max(MIN_BUDGET_BYTES, LARGEST_AT_ONCE * maxPackumentBytes)),
    clock,
  };
  return {
    id: 'npm',
    name: namer(mount, { metadata, isHome: options.hosted !== null }),
    covers: coverer(mount),
    rewrite,
    concealed: (resource) => concealed(context, resource),
    changed: changer(mount.route, outlines),
    pull: (ask, origin) => pull(context, mount, ask, origin),
    mirror: (wanted, job) => mirror(context, wanted, job),
    needs: (wanted, given) => needs(mount.prefix, wanted, given),
    accepts,
    ...(context.hosted !== null &&
      mount.role === 'origin' && {
        home: {
          layouts: ['verdaccio', 'tarballs'],
          takeIn: (folder, job) => takeIn(context, folder, job),
          giveOut: (folder, job) => giveOut(context, folder, job),
        },
      }),
    holdings: holdingsOf(context),
    retire: (job) => retireMirrored(context, job),
    begin(home) {
      warn = home.warn;
      if (context.hosted !== null) context.catalogue.begin(home);
      if (policy === null) beginWithoutPolicy({ ...followed(route), home });
      else policy.begin(home);
    },
    policy: policyDesk(context),
    catalogue: catalogueOf(context),
    foresight: foresightOf(context, mount),
    guides,
    close() {
      policy?.close();
      context.catalogue.close();
      deriver.close();
    },
  };
}

async function pull(npm: NpmOrigin, mount: Mount, ask: Ask, origin: OriginDoor): Promise<Answer> {
  if (npm.hosted !== null) tellOnce(npm, origin);
  if (ask.named.as === 'pass') return pullPass(npm, mount, ask, origin);
  const item = itemOf(ask.named.key);
  if (item !== null && 'name' in item && (await livesHere(npm.hosted, item.name, origin))) {
    return serveHosted(npm, item, ask, origin);
  }
  if (npm.policy !== null && item !== null && 'name' in item) {
    await npm.policy.ready();
    const refusal = refusePackage(npm, item.name);
    if (refusal !== null) return refusal;
  }
  switch (item?.kind) {
    case 'packument':
      return pullPart(npm, item.form, item.name, ask, origin);
    case 'index':
      return pullPart(npm, 'index', item.name, ask, origin);
    case 'manifest':
      return pullManifest(npm, item.name, item.version, ask, origin);
    case 'dist-tags':
      return pullTags(npm, item.name, ask, origin);
    case 'tarball':
      return pullTarball(npm, item.name, item.file, ask, origin);
    case 'choices':
      return pullChoices(npm, item.name, ask, origin);
    case 'attestations':
      return pullAttestations(npm, item.name, item.version, ask, origin);
    case 'known':
      return serveKnown(npm, null);
    case 'keys':
      return npm.hosted === null ? pullKeys(npm, ask, origin) : serveKeys(npm, ask, origin);
    case undefined:
      throw new MeridianError('internal', 'The npm protocol was asked for a key that it did not write.');
  }
}

async function pullPass(npm: NpmOrigin, mount: Mount, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const wanted = readPath(ask.exchange.path.slice(mount.prefix.length));
  const { method } = ask.exchange;
  if (wanted.kind === 'account') return serveAccount(npm, ask.exchange, origin);
  if (wanted.kind === 'search') return pullSearch(npm, ask, origin);
  if (wanted.kind === 'advisories') return pullAdvisories(npm, ask, origin);
  if (method !== 'GET' && method !== 'HEAD') return write(npm, wanted, ask, origin);
  if ('name' in wanted && (await livesHere(npm.hosted, wanted.name, origin))) {
    return readHosted(npm, wanted, ask, origin);
  }
  switch (wanted.kind) {
    case 'packument':
      await npm.policy?.ready();
      return refusePackage(npm, wanted.name) ?? pullDocument(npm, wanted.name, ask, origin);
    case 'access':
    case 'visibility':
    case 'collaborators':
      return jsonAnswer(404, { error: `Not found: ${wanted.name} does not live here` });
    default:
      throw new MeridianError('internal', `The npm protocol does not pass on ${wanted.kind}.`);
  }
}
