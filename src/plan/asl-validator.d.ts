/**
 * @module
 * What tests use of asl-validator, which has no types.
 */
declare module "asl-validator" {
  const validate: (machine: unknown) => { readonly isValid: boolean; readonly errors: unknown };
  export = validate;
}
