/** One client: how to set it up, log in, see whether it works, and undo it all; by hand, or with one command. */
import { useEffect, useRef } from 'preact/hooks';
import type { ClientRoutes } from '../../data/api.ts';
import { Cli } from '../../parts/cli.tsx';
import { Code } from '../../parts/code.tsx';
import { Panel } from '../../parts/panel.tsx';

type Route = ClientRoutes['routes'][number];
type Client = Route['clients'][number];
type Step = Client['setUp'][number];

export function ClientCard({
  client,
  route: { route, isOpen },
  base,
  isOnly,
  isChosen,
}: {
  readonly client: Client;
  readonly route: Route;
  readonly base: string;
  /** There is no other route. */
  readonly isOnly: boolean;
  /** The page was opened for it. */
  readonly isChosen: boolean;
}) {
  const { id, title, setUp, trust, logIn, check, undo } = client;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) place.current?.scrollIntoView({ block: 'start' });
  }, [isChosen]);
  const isWritable = setUp.some((step) => step.do === 'set');
  return (
    <div ref={place} class={isChosen ? 'client chosen' : 'client'} id={`client-${id}`}>
      <Panel title={title}>
        <ol class="steps">
          <Part name="Set it up" steps={setUp} of={title} />
          <Part name="Trust the certificate" steps={trust} of={title} />
          <Part name={isOpen ? 'Log in, to publish' : 'Log in'} steps={logIn} of={title} />
          <Part name="Check" steps={check} of={title} />
        </ol>
        {undo.length > 0 && (
          <details class="undo">
            <summary>Undo</summary>
            {undo.map((step, index) => (
              <OneStep key={index} step={step} of={title} />
            ))}
          </details>
        )}
        {isWritable && (
          <Cli command={['setup', id, '--write', '--base', base, ...(isOnly ? [] : ['--route', route])]} />
        )}
      </Panel>
    </div>
  );
}

function Part({
  name,
  steps,
  of,
}: {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly of: string;
}) {
  if (steps.length === 0) return null;
  return (
    <li>
      <h3>{name}</h3>
      {steps.map((step, index) => (
        <OneStep key={index} step={step} of={of} />
      ))}
    </li>
  );
}

function OneStep({ step, of }: { readonly step: Step; readonly of: string }) {
  if (step.do === 'run')
    return (
      <>
        <p class="note">{step.why}</p>
        <Code text={step.command} label={`Copy: ${step.command}`} />
      </>
    );
  const { path, form } = step.file;
  const file = path.startsWith('/') ? path : `~/${path}`;
  return (
    <>
      <p class="note">
        In <code>{file}</code>, {form === 'own' ? 'a file of its own' : 'beside what is there'}. {step.why}
      </p>
      <Code text={step.text.trimEnd()} label={`Copy the lines of ${file} for ${of}`} />
    </>
  );
}
