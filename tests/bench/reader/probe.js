// In every page before its own scripts: when it had painted what is waited for, and what its checks cost.
// MARKS is an object of functions by name, in the order in which they come true; THEN acts right after some.
(() => {
  if (window !== top) return;
  const marks = {}; // name → milliseconds since the navigation began
  const keys = []; // milliseconds from each input event to its painted results
  const calls = []; // what crypto.subtle was asked: name, from, to, and how to ask it again
  const waiting = Object.entries(MARKS);
  const then = THEN;

  // A frame's callbacks run before it is painted; a message posted by one comes after.
  const painted = (act) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => act(performance.now());
      port2.postMessage(null);
    });

  const look = () => {
    const [name, isThere] = waiting[0] ?? [];
    if (!name) return;
    if (!document.body || !isThere()) {
      requestAnimationFrame(look);
      return;
    }
    waiting.shift();
    painted((now) => {
      marks[name] = now;
      then[name]?.();
      look();
    });
  };
  look();

  // Results come in the input event's own task or later: painted is what changed first after the key.
  let typed = 0;
  document.addEventListener("input", (event) => { typed = event.timeStamp; }, true);
  new MutationObserver(() => {
    const from = typed;
    typed = 0;
    if (from) painted((now) => keys.push(now - from));
  }).observe(document, { childList: true, characterData: true, subtree: true });

  const subtle = globalThis.SubtleCrypto?.prototype;
  for (const name of subtle ? ["verify", "digest", "importKey", "deriveBits"] : []) {
    const real = subtle[name];
    subtle[name] = function (...given) {
      const call = { name, how: given[0]?.name ?? given[0], from: performance.now(), to: 0 };
      call.again = () => real.apply(this, given);
      calls.push(call);
      const answer = real.apply(this, given);
      const end = () => { call.to = performance.now(); };
      answer.then(end, end);
      return answer;
    };
  }

  // The checks that ended before `until`, as they were waited for (overlaps count once) and done again alone.
  const checks = async (until) => {
    const mine = calls.filter(({ name, to }) => /verify|digest/.test(name) && to && to <= until);
    let [waited, end] = [0, 0];
    for (const { from, to } of mine.sort((one, other) => one.from - other.from)) {
      waited += Math.max(0, to - Math.max(from, end));
      end = Math.max(end, to);
    }
    const began = performance.now();
    for (const { again } of mine) await again();
    const alone = performance.now() - began;
    const count = (wanted) => mine.filter(({ name }) => name === wanted).length;
    return { waited, alone, verify: count("verify"), digest: count("digest") };
  };

  const derived = () =>
    calls.filter(({ how, to }) => how === "PBKDF2" && to).reduce((sum, { from, to }) => sum + to - from, 0);

  window.bench = { marks, keys, checks, derived };
})();
