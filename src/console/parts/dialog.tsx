/**
 * A question that has to be answered before anything else: the browser's own dialog, which Escape closes. The focus goes back to
 * where it was, or to the page, if that is gone by then.
 */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

/** Open for as long as it is there: `{isAsking && <Dialog …>}`. */
export function Dialog({
  title,
  close,
  children,
}: {
  readonly title: string;
  /** Takes it away. */
  readonly close: () => void;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  const place = useRef<HTMLDialogElement>(null);

  useLayoutEffect(() => {
    const dialog = place.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      const next = before?.isConnected === true ? before : document.getElementById('main');
      if (next instanceof HTMLElement) next.focus();
    };
  }, []);

  return (
    <dialog
      ref={place}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="plain" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      {children}
    </dialog>
  );
}
