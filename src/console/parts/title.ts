/** What the browser's tab is called while a page is there that is about one thing. */
import { useEffect } from 'preact/hooks';

export function useTitle(title: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · Meridian`;
    return () => {
      document.title = before;
    };
  }, [title]);
}
