/** Nodes of one tier, with what each of their processes has of something, and would do. */
import type { ComponentChildren } from 'preact';
import { fateInWords } from '../../../messages/fate-words.ts';
import type { NetworkExplanation } from '../../data/api.ts';
import { sourceInWords } from '../../data/predicted.ts';
import { bytes, duration } from '../../parts/format.ts';

type Node = NetworkExplanation['nodes'][number];
type Worker = Node['workers'][number];

const titles = { pop: 'PoPs', shield: 'Shields', origin: 'Origins' } as const;

export function Tier({ role, nodes }: { readonly role: Node['role']; readonly nodes: readonly Node[] }) {
  return (
    <section class="tier">
      <h2>{titles[role]}</h2>
      <div class="panels">
        {nodes.map((each) => (
          <OneNode key={`${each.node} ${each.askedBy}`} {...each} />
        ))}
      </div>
    </section>
  );
}

const absences = {
  silent: 'It lives, and did not answer in time.',
  gone: 'Nothing is heard of it.',
  unasked: 'No node would ask it for this.',
} as const;

function OneNode({ node, state, askedBy, isReached, workers, silent }: Node) {
  return (
    <article class={isReached ? 'panel' : 'panel unreached'} aria-label={node}>
      <div class="panel-head">
        <h3>{node}</h3>
        {!isReached && state === 'answered' && <span class="badge">a request does not come so far</span>}
      </div>
      {askedBy !== null && <p class="note">what {askedBy} would ask it</p>}
      {state !== 'answered' && <p class="warn">{absences[state]}</p>}
      {workers.map((worker) => (
        <OneWorker key={worker.worker} name={workers.length > 1 ? worker.worker : null} worker={worker} />
      ))}
      {silent.length > 0 && <p class="warn">No answer from {silent.join(', ')}.</p>}
    </article>
  );
}

const would = {
  hit: ['good', 'hit'],
  stale: ['warn', 'stale, at once'],
  ask: ['', 'asks on'],
  answer: ['good', 'answers itself'],
  refuse: ['bad', 'refuses'],
} as const;

function OneWorker({ name, worker }: { readonly name: string | null; readonly worker: Worker }) {
  const [kind, says] = would[worker.would];
  return (
    <div class="worker">
      <p>
        {name !== null && <strong>{name} </strong>}
        <span class={`badge ${kind}`}>{says}</span> {worker.why}
      </p>
      {worker.stored !== null && <Stored {...worker.stored} />}
      <dl class="facts">
        <Fact name="Route">{worker.route === null ? 'none' : `${worker.route} (${worker.access})`}</Fact>
        {worker.kind !== '' && <Fact name="Kind">{worker.kind}</Fact>}
        {worker.key !== null && (
          <Fact name="Key">
            <code>{worker.key}</code> <PurgeLink by="key" what={worker.key} />
          </Fact>
        )}
        {worker.owner !== null && <Fact name="Owner in the ring">{worker.owner}</Fact>}
        {worker.asks !== null && (
          <Fact name={worker.would === 'ask' ? 'Asks' : 'Would ask'}>
            {worker.asks.parents.map((parent) => (
              <span key={parent.name} class={parent.isUp ? '' : 'bad'}>
                {parent.name}
                {!parent.isUp && ' (down)'}{' '}
              </span>
            ))}
            {worker.asks.parents.length === 0 && 'what the route leads to'}
          </Fact>
        )}
        {worker.foretold !== undefined && <Foretold {...worker.foretold} />}
        <Tags of={worker.stored?.tags ?? worker.tags} />
      </dl>
    </div>
  );
}

/** What predictions have made of it, and would. */
function Foretold({ lately, leads }: NonNullable<Worker['foretold']>) {
  return (
    <>
      <Fact name="Foreseen">
        {lately === null
          ? 'not lately'
          : `${duration(lately.agoS * 1000)} ago (${sourceInWords(lately.source).title}): ${fateInWords[lately.fate]}`}
      </Fact>
      {leads?.question != null && (
        <Fact name="Leads to">
          what the origin answers to <code>{leads.question}</code>
        </Fact>
      )}
    </>
  );
}

function Stored(stored: NonNullable<Worker['stored']>) {
  const { where, status, sizeBytes, ageS, freshForS, isSuspect, isRestricted, etag, selecting } = stored;
  const whole = ageS + Math.max(0, freshForS);
  return (
    <>
      <Freshness ageS={ageS} freshForS={freshForS} whole={whole} />
      <dl class="facts">
        <Fact name="Kept">
          in {where}: status {status}, {bytes(sizeBytes)}
          {isRestricted === true && ', for those only who have the right by name'}
        </Fact>
        <Fact name="Freshness">
          {freshForS >= 0
            ? `fresh for ${duration(freshForS * 1000)} more`
            : `stale for ${duration(-freshForS * 1000)}`}
          , {duration(ageS * 1000)} old
        </Fact>
        <Windows {...stored} />
        {isSuspect && <Fact name="Suspect">it may have missed a purge, so it is confirmed first</Fact>}
        {etag !== null && (
          <Fact name="ETag">
            <code>{etag}</code>
          </Fact>
        )}
        {selecting.length > 0 && (
          <Fact name="Variant by">{selecting.map(([field, value]) => `${field}: ${value}`).join(', ')}</Fact>
        )}
      </dl>
    </>
  );
}

function Windows({ staleWhileRevalidateS, staleIfErrorS }: NonNullable<Worker['stored']>) {
  if (staleWhileRevalidateS === 0 && staleIfErrorS === 0) return null;
  return (
    <Fact name="Once it is stale">
      served at once for {duration(staleWhileRevalidateS * 1000)}, where the parent fails for{' '}
      {duration(staleIfErrorS * 1000)}
    </Fact>
  );
}

/** How much of its time has passed. */
function Freshness({
  ageS,
  freshForS,
  whole,
}: {
  readonly ageS: number;
  readonly freshForS: number;
  readonly whole: number;
}) {
  const share = whole <= 0 ? 1 : Math.min(1, ageS / whole);
  return (
    <div class={freshForS >= 0 ? 'freshness' : 'freshness over'} aria-hidden="true">
      <span style={{ width: `${share * 100}%` }} />
    </div>
  );
}

const mostTags = 8;

function Tags({ of }: { readonly of: readonly string[] }) {
  if (of.length === 0) return null;
  return (
    <Fact name="Tags">
      <span class="row">
        {of.slice(0, mostTags).map((tag) => (
          <a key={tag} class="badge" href={purgeHref('tag', tag)} title={`Purge ${tag}`}>
            {tag}
          </a>
        ))}
        {of.length > mostTags && <span class="note">and {of.length - mostTags} more</span>}
      </span>
    </Fact>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

export function PurgeLink({ by, what }: { readonly by: string; readonly what: string }) {
  return (
    <a href={purgeHref(by, what)} aria-label={`Purge ${what}`}>
      Purge
    </a>
  );
}

function purgeHref(by: string, what: string): string {
  return `/console/cache/purge?${new URLSearchParams({ by, what })}`;
}
