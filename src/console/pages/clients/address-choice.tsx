/** By which address clients shall reach the network: a PoP's own, or a name that leads to all of them. */
import { useEffect, useState } from 'preact/hooks';
import type { Address } from '../../data/address.ts';
import type { ClientRoutes } from '../../data/api.ts';
import { Choice, TextField } from '../../parts/form.tsx';

const another = '';

export function AddressChoice({
  known,
  choose,
}: {
  readonly known: ClientRoutes | undefined;
  readonly choose: (address: Address) => void;
}) {
  const addresses = known?.addresses ?? [];
  const current = addresses.find(({ url }) => url === known?.base);
  const [isAnother, setAnother] = useState(false);
  const [typed, setTyped] = useState('');
  useEffect(() => {
    if (known === undefined) return;
    setAnother(current === undefined);
    if (current === undefined) setTyped(known.base);
  }, [known]);
  const isField = isAnother || (known !== undefined && addresses.length === 0);

  return (
    <form
      class="address"
      onSubmit={(event) => {
        event.preventDefault();
        choose({ base: typed.trim() });
      }}
    >
      {addresses.length > 0 && (
        <Choice
          label="Address"
          note="Where the clients will ask: choose the PoP that is next to them."
          value={isAnother ? another : (current?.node ?? another)}
          set={(node) => {
            setAnother(node === another);
            if (node !== another) choose({ node });
          }}
          of={[
            ...addresses.map(
              ({ node, url, place }) =>
                [node, `${place === null ? node : `${place} (${node})`}: ${url}`] as const,
            ),
            [another, 'Another address …'],
          ]}
        />
      )}
      {isField && (
        <div class="address-own">
          <TextField
            label="Another address"
            note="A name that leads to the PoPs, as https://packages.example.com."
            value={typed}
            set={setTyped}
            placeholder="https://"
            required
          />
          <button type="submit">Fill it in</button>
        </div>
      )}
    </form>
  );
}
