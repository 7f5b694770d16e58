/** Leaving at once, without a question. */

/** Shift this many times within a second, alone, leaves. */
const PRESSES = 3;
const WITHIN = 1000;

/** Let go of everything on the screen and leave; the entry in the history is replaced. */
export function leave(exit: string): void {
  document.body.replaceChildren(); // within this frame: the other page may take its time, or never come
  document.documentElement.dataset.gone = "";
  location.replace(exit);
}

/** What to do with the keys of a document so that Shift, three times, calls `act`. */
export function onShifts(act: () => void): (event: KeyboardEvent) => void {
  let times: number[] = [];
  return (event) => {
    if (event.key !== "Shift" || event.repeat) {
      if (event.key !== "Shift") times = []; // it was used to write a capital letter
      return;
    }
    times = [...times.filter((at) => event.timeStamp - at < WITHIN), event.timeStamp];
    if (times.length >= PRESSES) act();
  };
}
