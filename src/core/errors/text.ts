/** What is said about one code: what is wrong, lower case and without a full stop, and what to do about it, for program and person alike. */
export type ErrorText = readonly [sentence: string, advice: string]

/** The codes of one class. */
export type ErrorTable = { readonly [code: `ERR_${string}`]: ErrorText }
