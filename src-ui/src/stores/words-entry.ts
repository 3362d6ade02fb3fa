/** What happened, why, and what to do. An empty `why` takes the server's own sentence: only it knows the figures. */
export type Entry = readonly [what: string, why: string, next: string];
