/** Small drawings of our own, in the colour of the text; they say nothing that the text beside them does not. */
const paths: Readonly<Record<string, string>> = {
  globe: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M3 12h18M12 3c4 5 4 13 0 18M12 3c-4 5-4 13 0 18',
  network:
    'M12 4v6M12 10L5 18M12 10l7 8M12 3a1.6 1.6 0 1 0 .01 0M5 17a1.6 1.6 0 1 0 .01 0M19 17a1.6 1.6 0 1 0 .01 0',
  traffic: 'M3 20h18M5 16l4-6 4 3 6-9',
  packages: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  cache: 'M4 6c0-4 16-4 16 0v12c0 4-16 4-16 0zM4 6c0 4 16 4 16 0M4 12c0 4 16 4 16 0',
  access: 'M14 10a4.5 4.5 0 1 0-4.4 4.5M11 13l8 8M16 18l2-2',
  policy: 'M12 3l8 3v6c0 5-4 8-8 9c-4-1-8-4-8-9V6zM9 12l2 2 4-4',
  auto: 'M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16',
  light:
    'M12 8a4 4 0 1 0 .01 0M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5',
  dark: 'M20 14a8 8 0 1 1-9-10a7 7 0 0 0 9 10',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  done: 'M5 13l4 4L19 7',
};

export function Icon({ name }: { readonly name: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name] ?? paths['globe']} />
    </svg>
  );
}
