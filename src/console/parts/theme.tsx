/** Light, dark, or as the system has it. */
import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

const choices = ['auto', 'light', 'dark'] as const;
type Choice = (typeof choices)[number];
const storageKey = 'meridian.theme';

export function ThemeChoice() {
  const [choice, setChoice] = useState<Choice>(kept);
  useEffect(() => {
    document.documentElement.dataset['theme'] = choice;
    localStorage.setItem(storageKey, choice);
  }, [choice]);
  const next = choices[(choices.indexOf(choice) + 1) % choices.length] ?? 'auto';
  const label = `Colours: ${choice}. Change to ${next}`;
  return (
    <button type="button" class="plain" onClick={() => setChoice(next)} aria-label={label} title={label}>
      <Icon name={choice} />
    </button>
  );
}

function kept(): Choice {
  const text = localStorage.getItem(storageKey);
  return choices.find((choice) => choice === text) ?? 'auto';
}
