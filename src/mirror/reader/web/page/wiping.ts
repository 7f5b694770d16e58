/** Removing all that a page can keep in a browser, and counting what is left. */

const gone = (name: string): Promise<void> =>
  new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });

const cookieNames = (): string[] =>
  document.cookie
    .split(";")
    .map((each) => each.split("=", 1)[0]?.trim() ?? "")
    .filter(Boolean);

function dropCookie(name: string): void {
  const folders = location.pathname.split("/");
  const paths = folders.map((_, place) => folders.slice(0, place + 1).join("/") || "/");
  for (const path of new Set([...paths, ...paths.map((each) => `${each}/`)])) {
    // biome-ignore lint/suspicious/noDocumentCookie: cookies of others at this address are wiped too
    document.cookie = `${name}=; Max-Age=0; Path=${path}`;
  }
}

/** The six places a page can keep something in: how to empty each, and whether something is left. */
const STORES: readonly [string, () => Promise<unknown>, () => Promise<number> | number][] = [
  [
    "IndexedDB",
    async () => Promise.all((await indexedDB.databases()).map(({ name }) => gone(name ?? ""))),
    async () => (await indexedDB.databases()).length,
  ],
  [
    "Cache Storage",
    async () => Promise.all((await caches.keys()).map((name) => caches.delete(name))),
    async () => (await caches.keys()).length,
  ],
  ["localStorage", async () => localStorage.clear(), () => localStorage.length],
  ["sessionStorage", async () => sessionStorage.clear(), () => sessionStorage.length],
  [
    "Service Worker",
    async () => {
      // Not `ready`, and nothing is awaited that a dead address could hold up for ever.
      for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister();
    },
    async () => (await navigator.serviceWorker.getRegistrations()).length,
  ],
  ["Cookies", async () => cookieNames().forEach(dropCookie), () => cookieNames().length],
];

const PATIENCE = 5000;

/** Empty all six; the names of those in which something is left. A place that this page has no access to is empty. */
export async function wipe(): Promise<string[]> {
  const left: string[] = [];
  for (const [name, empty, count] of STORES) {
    const patience = new Promise<number>((resolve) => setTimeout(resolve, PATIENCE, 1));
    const emptied = (async () => {
      await empty().catch(() => {}); // what is left is counted
      return count();
    })().catch(() => 0);
    if (await Promise.race([emptied, patience])) left.push(name);
  }
  return left;
}
