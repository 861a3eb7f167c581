declare module "@evops/hcl-terraform-parser" {
  const parser: {
    /** What terraform-config-inspect finds in the text of one file. */
    parse(text: string): unknown;
  };
  export default parser;
}
