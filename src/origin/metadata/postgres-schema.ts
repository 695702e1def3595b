/**
 * Brings the layout of a PostgreSQL database up to date, once, however many origins start at the same time: the row that
 * holds the version is the lock. (Advisory locks would be simpler; CockroachDB has none.)
 */
import type { SQL } from 'bun';
import { isAlreadyMade } from './postgres-failure.ts';
import { steps, stepsFrom } from './schema.ts';

export async function migrate(sql: SQL): Promise<void> {
  await makeVersionRow(sql);
  await sql.begin(async (connection) => {
    const rows: { version: number }[] =
      await connection`SELECT version FROM meridian_layout WHERE id = 1 FOR UPDATE`;
    const missing = stepsFrom(rows[0]?.version ?? 0);
    if (missing.length === 0) return;
    for (const { postgres } of missing) await connection.unsafe(postgres);
    await connection`UPDATE meridian_layout SET version = ${steps.length} WHERE id = 1`;
  });
}

async function makeVersionRow(sql: SQL): Promise<void> {
  try {
    await sql`CREATE TABLE IF NOT EXISTS meridian_layout (id INT NOT NULL PRIMARY KEY, version INT NOT NULL)`;
  } catch (error) {
    // `IF NOT EXISTS` does not keep two from making it in the same instant.
    if (!isAlreadyMade(error)) throw error;
  }
  await sql`INSERT INTO meridian_layout (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING`;
}
