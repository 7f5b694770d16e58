"""What a page keeps in its browser, asked by script; any browser answers the same."""

# All that a page can keep something in, and how much is there.
STORES = """async () => ({
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  local: localStorage.length,
  session: sessionStorage.length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  cookies: document.cookie.length,
})"""
EMPTY = {"databases": 0, "caches": 0, "local": 0, "session": 0, "workers": 0, "cookies": 0}
# Something in each, put there by others at the same origin.
FILL = """async () => {
  await (await caches.open("x")).put("/x", new Response("x"));
  localStorage.x = sessionStorage.x = "x";
  document.cookie = "x=x; Path=/"; document.cookie = "y=y; Path=/r/"; document.cookie = "z=z";
  await navigator.serviceWorker.register("sw.js");
  const another = indexedDB.open("another");
  await new Promise((done) => { another.onsuccess = done; });
  another.result.close();
}"""
# The paths of what is in its caches, and where its workers rule.
CACHED = """async () => {
  const names = await caches.keys();
  const all = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys())));
  return all.flat().map(({ url }) => new URL(url).pathname.slice(1));
}"""
WORKERS = "async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope)"
IS_CONTROLLED = "() => navigator.serviceWorker.controller !== null"
