class Hello {
	static function main() {
		var name = Sys.args()[0];
		Sys.println('Hello, ${name == null ? "world" : name}!');
	}
}
