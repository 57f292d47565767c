/** What setTimeout can wait for; with more it would call at once. https://nodejs.org/api/timers.html */
export const maxTimerMs = 2 ** 31 - 1;
