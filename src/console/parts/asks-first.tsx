/** What cannot be taken back: a button, and a dialog that says what will happen and does it. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Cli, type Word } from './cli.tsx';
import { Dialog } from './dialog.tsx';
import { Form } from './form.tsx';
import { Icon } from './icon.tsx';

export function AsksFirst({
  does,
  name,
  icon,
  title,
  command,
  act,
  children,
}: {
  /** The button: `Remove`. */
  readonly does: string;
  /** The button as it is heard, where there is one in each row: `Remove alice`. */
  readonly name: string;
  /** Instead of words on the button. */
  readonly icon?: string;
  /** The question. */
  readonly title: string;
  readonly command: readonly Word[];
  /** @throws what is shown in the dialog, which stays. */
  readonly act: () => Promise<void>;
  /** What will happen. */
  readonly children: ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <button
        type="button"
        class={icon === undefined ? 'small grave' : 'plain grave'}
        aria-label={name}
        title={icon === undefined ? undefined : name}
        onClick={() => setOpen(true)}
      >
        {icon === undefined ? does : <Icon name={icon} />}
      </button>
      {isOpen && (
        <Dialog title={title} close={close}>
          <Form
            does={does}
            isDangerous
            cancel={close}
            send={async () => {
              await act();
              close();
            }}
          >
            {children}
          </Form>
          <Cli command={command} />
        </Dialog>
      )}
    </>
  );
}
