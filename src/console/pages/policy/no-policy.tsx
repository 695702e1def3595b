/** What to do for a policy where no route has one. */
import { Panel } from '../../parts/panel.tsx';

const example = `npm({
  policy: {
    releaseAge: { minimumS: '7d' },
    advisories: { path: 'osv', severity: 'high' },
  },
}),
oci({
  policy: {
    blocked: ['docker.io/evil/*'],
    signatures: [{ images: ['acme/*'], keys: [{ name: 'release', pem }] }],
  },
})`;

export function NoPolicy() {
  return (
    <Panel title="No route has a policy" wide>
      <p>
        A policy says which versions of packages from other registries may be used: how old they have to be,
        that they have no known advisory, that they say where they were built. Most malware in packages is
        found within days of its publication. Of images it says which are blocked, how old they have to be,
        and by whom they have to be signed.
      </p>
      <p>In the config, for a route of packages or images, and then `meridian reload`:</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached */}
      <pre tabIndex={0}>
        <code>{example}</code>
      </pre>
    </Panel>
  );
}
