/** Does every task, so many at a time, in order. Results come in the tasks' order. */
export async function inParallel<Task, Result>(
  tasks: readonly Task[],
  workers: number,
  work: (task: Task) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(tasks.length);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < tasks.length; at = next++) results[at] = await work(tasks[at] as Task);
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}
