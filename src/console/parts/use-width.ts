/** How wide an element is, for what has to be drawn to measure. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** CSS pixels; 0 until it is known. */
export function useWidth<Of extends HTMLElement>(): [RefObject<Of | null>, number] {
  const place = useRef<Of>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    const watching = new ResizeObserver(() => setWidth(element.clientWidth));
    watching.observe(element);
    return () => watching.disconnect();
  }, []);
  return [place, width];
}
