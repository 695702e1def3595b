/** A sentence set apart: how something is, or went. */
import type { ComponentChildren } from 'preact';

export function Notice({
  kind,
  children,
}: {
  readonly kind: 'bad' | 'good' | 'quiet';
  readonly children: ComponentChildren;
}) {
  return (
    <p class={`notice ${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      {children}
    </p>
  );
}
