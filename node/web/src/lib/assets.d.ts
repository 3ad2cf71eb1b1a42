// Styles are bundled by build.mjs; importing one gives no value.
declare module '*.css';
