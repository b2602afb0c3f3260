/// The colours of all pages, for light and dark mode. Each colour is named by its purpose.
package enum Palette {
    /// A style sheet that defines the colours as CSS variables of the root element.
    package static var css: [UInt8] { PackageResources.colours_css }
}
