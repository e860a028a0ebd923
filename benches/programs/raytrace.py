"""A small ray tracer: spheres over a chequered plane with shadows and reflections, drawn as text.

Measures many short-lived vectors, operator methods and polymorphic calls.

Usage: raytrace.py [N]
    N  columns of the picture; the rows are half of that (default 400)
"""

import math
import sys

SHADES = " .,:;ox%#@"
FAR = 1e30
NEAR = 1e-6


class Vector:
    __slots__ = ("x", "y", "z")

    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor, self.z * factor)

    def __neg__(self):
        return Vector(-self.x, -self.y, -self.z)

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def length(self):
        return math.sqrt(self.dot(self))

    def unit(self):
        return self * (1.0 / self.length())

    def reflect(self, normal):
        return self - normal * (2.0 * self.dot(normal))


class Ray:
    def __init__(self, origin, direction):
        self.origin = origin
        self.direction = direction

    def at(self, distance):
        return self.origin + self.direction * distance


class Solid:
    def __init__(self, shade, shine):
        self.base_shade = shade
        self.shine = shine

    def distance(self, ray):
        """How far along the ray it is hit; None when it is not."""
        raise NotImplementedError

    def normal(self, point):
        raise NotImplementedError

    def shade(self, point):
        return self.base_shade


class Sphere(Solid):
    def __init__(self, center, radius, shade, shine):
        super().__init__(shade, shine)
        self.center = center
        self.radius = radius

    def distance(self, ray):
        offset = ray.origin - self.center
        half_b = offset.dot(ray.direction)
        c = offset.dot(offset) - self.radius * self.radius
        discriminant = half_b * half_b - c
        if discriminant < 0.0:
            return None
        root = math.sqrt(discriminant)
        for distance in (-half_b - root, -half_b + root):
            if distance > NEAR:
                return distance
        return None

    def normal(self, point):
        return (point - self.center) * (1.0 / self.radius)


class Floor(Solid):
    def __init__(self, height, shade, shine):
        super().__init__(shade, shine)
        self.height = height
        self.up = Vector(0.0, 1.0, 0.0)

    def distance(self, ray):
        slope = ray.direction.y
        if abs(slope) < NEAR:
            return None
        distance = (self.height - ray.origin.y) / slope
        return distance if distance > NEAR else None

    def normal(self, point):
        return self.up

    def shade(self, point):
        dark = (math.floor(point.x) + math.floor(point.z)) % 2 == 0
        return self.base_shade * (0.3 if dark else 1.0)


class Scene:
    def __init__(self, solids, light, depth):
        self.solids = solids
        self.light = light
        self.depth = depth
        self.rays = 0

    def nearest(self, ray):
        self.rays += 1
        best, best_distance = None, FAR
        for solid in self.solids:
            distance = solid.distance(ray)
            if distance is not None and distance < best_distance:
                best, best_distance = solid, distance
        return best, best_distance

    def trace(self, ray, depth):
        """Brightness between 0 and 1 of what the ray sees."""
        solid, distance = self.nearest(ray)
        if solid is None:
            return 0.1 + 0.2 * max(ray.direction.y, 0.0)
        point = ray.at(distance)
        normal = solid.normal(point)
        to_light = (self.light - point).unit()
        brightness = 0.1
        if self.nearest(Ray(point + normal * NEAR, to_light))[0] is None:
            brightness += 0.9 * max(normal.dot(to_light), 0.0)
        brightness *= solid.shade(point)
        if depth > 0 and solid.shine > 0.0:
            mirrored = Ray(point + normal * NEAR, ray.direction.reflect(normal))
            brightness = (1.0 - solid.shine) * brightness + solid.shine * self.trace(mirrored, depth - 1)
        return brightness


def render(scene, columns, rows):
    lines = []
    eye = Vector(0.0, 1.0, -5.0)
    for row in range(rows):
        line = ""
        for column in range(columns):
            x = (column - columns / 2) / columns * 2.0
            y = (rows / 2 - row) / rows * 1.2
            brightness = scene.trace(Ray(eye, Vector(x, y, 1.6).unit()), scene.depth)
            line += SHADES[min(int(brightness * len(SHADES)), len(SHADES) - 1)]
        lines.append(line.rstrip())
    return lines


def main():
    columns = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    solids = [
        Sphere(Vector(0.0, 1.0, 0.0), 1.0, 0.9, 0.3),
        Sphere(Vector(-2.0, 0.7, 1.0), 0.7, 0.7, 0.1),
        Sphere(Vector(1.9, 0.5, -0.6), 0.5, 1.0, 0.6),
        Floor(0.0, 0.8, 0.15),
    ]
    scene = Scene(solids, Vector(-4.0, 6.0, -4.0), depth=3)
    print("\n".join(render(scene, columns, columns // 2)))
    print(scene.rays, "rays")


if __name__ == "__main__":
    main()
