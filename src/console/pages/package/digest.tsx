/** A digest, short enough to be told apart, and whole for who points at it or copies it. */
import { Copy } from '../../parts/copy.tsx';

const shown = 12;

export function Digest({ digest, of }: { readonly digest: string | null; readonly of: string }) {
  if (digest === null) return <>–</>;
  return (
    <span class="digest">
      <code title={digest}>{short(digest)}</code>
      <Copy text={digest} label={`Copy the digest of ${of}`} />
    </span>
  );
}

/** Without the name of the algorithm, as `9f86d081884c`. */
export function short(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, shown);
}
