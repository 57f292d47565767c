/**
 * @module
 * What Judge0 calls authentication and authorization: two headers, or parameters of the query, with a
 * key each.
 */
const keyNames = ["X-Auth-Token", "X-Auth-User"] as const;

export const forAll = { access: "run", keyNames } as const;
export const forAdmins = { access: "admin", keyNames } as const;
