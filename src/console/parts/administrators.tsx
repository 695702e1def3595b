/** What only those who administer the network may see; anybody else is told so, instead of an error of the API. */
import type { ComponentChildren } from 'preact';
import { useSession } from '../data/session.ts';
import { Notice } from './notice.tsx';

export function Administrators({
  title,
  children,
}: {
  /** Of the page. */
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  const { own } = useSession();
  if (own.administers) return <>{children}</>;
  return (
    <>
      <h1>{title}</h1>
      <Notice kind="quiet">
        What the nodes of the network do is for those who administer it. You are signed in as {own.name}, who
        may use what is beside it in the navigation.
      </Notice>
    </>
  );
}
