/**
 * Does the work for each item in turn, whatever became of those before.
 *
 * @throws What failed first, when all is done.
 */
export async function tryAll<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    await work(item).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
